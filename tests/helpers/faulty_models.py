"""Source text of a plugin with one good model and many that break the contract in one way each."""

FAULTS = (
    "good",
    "starts",
    "unrepeatable",
    "nan_sample",
    "wrong_count",
    "wrong_shape",
    "out_of_range",
    "not_a_tensor",
    "nan_loss",
    "no_losses",
    "raises",
    "no_memory",
    "killed",
    "exits",
    "hangs",
    "closes_descriptors",
    "closes_its_pipe",
    "leaves",
    "other_dtype",
    "own_threads",
    "own_seed",
    "leaves_copies",
    "complex_loss",
    "unsaveable",
    "no_model",
    "no_step",
)

LIGHT = f"""
from genharness import ModelSpec, Recipe, hookimpl

@hookimpl
def genharness_models():
    recipe = Recipe(length="40steps", batch_size=16)
    recipes = {{"smoke": recipe, "standard": recipe, "paper": recipe}}
    return [
        ModelSpec(
            name=name.replace("_", "-"), summary="Breaks the contract", factory=f"faulty_models_heavy:{{name}}",
            family="faulty", recipes=recipes,
        )
        for name in {FAULTS!r}
    ]
"""

HEAVY = """
import os, signal, time
import torch
from genharness.kit import GenerativeModel


class good(GenerativeModel):
    def __init__(self, data, config):
        super().__init__(data, config)
        self.mean = torch.nn.Parameter(torch.zeros(data.shape))
        self.optimiser = torch.optim.Adam([self.mean], lr=0.05)

    def training_step(self, batch):
        noise = 0.1 * torch.randn_like(batch.data)  # global randomness, so that resuming must restore it
        loss = (batch.data + noise - self.mean).square().mean()
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        return {"loss": loss.detach()}

    def sample(self, n, *, labels, generator):
        noise = torch.randn(n, *self.data.shape, generator=generator, device=generator.device)
        return (self.mean + 0.3 * noise).clamp(-1, 1)


class starts(good):
    def __init__(self, data, config):
        super().__init__(data, config)
        self.register_buffer("looks", torch.zeros((), dtype=torch.int64))

    def start_from(self, data):
        self.looks += 1
        self.mean.data.copy_(torch.from_numpy(data.samples("train").mean(0)) / 127.5 - 1)


class unrepeatable(good):
    def training_step(self, batch):
        torch.zeros(4).put_(torch.tensor([0, 0]), torch.tensor([1.0, 2.0]))
        return super().training_step(batch)


class nan_sample(good):
    def sample(self, n, *, labels, generator):
        return torch.full((n, *self.data.shape), float("nan"))


class wrong_count(good):
    def sample(self, n, *, labels, generator):
        return torch.zeros(n + 1, *self.data.shape)


class wrong_shape(good):
    def sample(self, n, *, labels, generator):
        return torch.zeros(n, 3, 5, 5)


class out_of_range(good):
    def sample(self, n, *, labels, generator):
        return torch.full((n, *self.data.shape), 1.5)


class not_a_tensor(good):
    def sample(self, n, *, labels, generator):
        return [0.0] * n


class nan_loss(good):
    def training_step(self, batch):
        return {"loss": torch.tensor(float("nan") if batch.step > 20 else 0.0)}


class no_losses(good):
    def training_step(self, batch):
        return None


class raises(good):
    def training_step(self, batch):
        raise KeyError("a defect of the model")


class no_memory(good):
    def training_step(self, batch):
        raise MemoryError


class killed(good):
    def training_step(self, batch):
        os.kill(os.getpid(), signal.SIGKILL)


class exits(good):
    def training_step(self, batch):
        os._exit(3)


class hangs(good):
    def training_step(self, batch):
        time.sleep(600)


class closes_descriptors(good):
    def training_step(self, batch):
        os.closerange(3, 256)
        time.sleep(600)


class closes_its_pipe(good):
    def sample(self, n, *, labels, generator):
        for number in os.listdir("/proc/self/fd"):
            try:
                if os.readlink(f"/proc/self/fd/{number}").startswith("pipe:"):
                    os.close(int(number))
            except OSError:
                pass
        return super().sample(n, labels=labels, generator=generator)


class leaves(good):
    def training_step(self, batch):
        raise SystemExit(0)


class other_dtype(good):
    def __init__(self, data, config):
        super().__init__(data, config)
        torch.set_default_dtype(torch.float64)


class own_threads(good):
    def training_step(self, batch):
        torch.set_num_threads(7)
        return super().training_step(batch)


class own_seed(good):
    def training_step(self, batch):
        torch.manual_seed(7)
        return super().training_step(batch)


class leaves_copies(good):
    # forks at its first step; the copy writes its number to GENHARNESS_COPIES, and sleeps
    def training_step(self, batch):
        path = os.environ["GENHARNESS_COPIES"]
        if not os.path.exists(path) and os.fork() == 0:
            with open(path, "w") as file:
                file.write(str(os.getpid()))
            time.sleep(600)
        while not os.path.exists(path) or not os.path.getsize(path):
            time.sleep(0.01)
        if os.environ["GENHARNESS_THEN"] == "hangs":
            time.sleep(600)
        return super().training_step(batch)


class complex_loss(good):
    def training_step(self, batch):
        return {"loss": torch.tensor(1j)}


class unsaveable(good):
    def training_state(self):
        return {"schedule": lambda step: step}


class no_model:
    def __init__(self, data, config):
        pass


class no_step(GenerativeModel):
    def sample(self, n, *, labels, generator):
        return torch.zeros(n, *self.data.shape)
"""
