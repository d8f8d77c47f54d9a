import pytest
import torch
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

from genharness import DataError
from genharness.kit.resize_conventions import resize
from genharness_features_inception.network import InceptionNetwork, load_network


@pytest.fixture(scope="module")
def images(pictures):
    """As the network wants them: (3, 3, 299, 299) in [0, 255]."""
    return resize(torch.from_numpy(pictures), 299, "legacy-tf")


@pytest.fixture(scope="module")
def outputs(network, images):
    with torch.inference_mode():
        pooled = network.pool(images)
        return {
            "2048": pooled,
            "logits": network.logits(pooled),
            "logits_unbiased": network.logits(pooled, unbiased=True),
        }


@pytest.mark.parametrize("name", ["2048", "logits", "logits_unbiased"])
def test_outputs_equal_torch_fidelitys_with_the_same_weights(outputs, reference, name):
    expected = reference[name]
    assert (outputs[name] - expected).abs().max() < 1e-5 * expected.abs().max()


def hooked(random_weights, pictures):
    """Return the map of torch-fidelity's network that `mixed_6/conv` of the published graph is."""
    theirs = FeatureExtractorInceptionV3("hooked", ["2048"], feature_extractor_weights_path=str(random_weights))
    maps = []
    theirs.Mixed_6d.branch1x1.register_forward_hook(lambda module, inputs, output: maps.append(output))
    with torch.inference_mode():
        theirs(torch.from_numpy(pictures))
    return maps[0]


def test_spatial_features_are_seven_channels_of_torch_fidelitys_map(network, images, random_weights, pictures):
    expected = hooked(random_weights, pictures)[:, :7].flatten(1)
    with torch.inference_mode():
        found = network.spatial(images)
    assert found.shape == (3, 2023)
    assert (found - expected).abs().max() < 1e-5 * expected.abs().max()
    assert expected.std(dim=0).mean() > 0.02 * expected.mean()


def test_random_weights_tell_the_pictures_apart(reference):
    spread = reference["2048"].std(dim=0).mean()
    assert spread > 0.02 * reference["2048"].mean()  # else equal features would prove nothing


def test_an_image_does_not_depend_on_its_batch(network, images, outputs):
    with torch.inference_mode():
        alone = torch.cat([network.pool(image[None]) for image in images])
    assert (alone - outputs["2048"]).abs().max() < 1e-5 * outputs["2048"].max()


def test_forward_gives_pooled_features_and_biased_logits(network, images, outputs):
    with torch.inference_mode():
        pooled, logits = network(images[:1])
    assert (pooled - outputs["2048"][:1]).abs().max() < 1e-5 * outputs["2048"].max()
    assert (logits - outputs["logits"][:1]).abs().max() < 1e-5 * outputs["logits"].abs().max()


def test_the_network_is_for_inference_only(network):
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_it_has_the_published_number_of_weights(network):
    # 21.8 million in the convolutions, and 1008 classes of 2048 features and a bias
    convolutions = sum(p.numel() for name, p in network.named_parameters() if name.startswith("blocks"))
    classes = sum(p.numel() for p in network.fc.parameters())
    assert classes == 1008 * 2049
    assert 21.7e6 < convolutions < 21.9e6


@pytest.mark.parametrize("shape", [(1, 3, 298, 299), (1, 1, 299, 299), (3, 299, 299)])
def test_images_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"images must be \(n, 3, 299, 299\), not"):
        InceptionNetwork().pool(torch.zeros(shape))


def _without_fc(state):
    del state["fc.bias"]


def _reshaped(state):
    state["Mixed_5b.branch1x1.conv.weight"] = torch.zeros(2, 2, 1, 1)


def _not_a_tensor(state):
    state["fc.weight"] = "hello"


@pytest.mark.parametrize("spoil", [_without_fc, _reshaped, _not_a_tensor])
def test_a_state_dict_of_something_else_is_named(random_weights, tmp_path, spoil):
    state = torch.load(random_weights, weights_only=True)
    spoil(state)
    torch.save(state, tmp_path / "other.pth")
    with pytest.raises(DataError, match=r"other\.pth holds no Inception 2015-12-05 weights \(.+\): pass"):
        load_network(tmp_path / "other.pth")


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"\x80\x02cos\nsystem\n."])
def test_a_file_that_is_no_checkpoint_is_named_and_never_executed(tmp_path, content):
    (tmp_path / "other.pth").write_bytes(content)
    with pytest.raises(DataError, match=r"other\.pth holds no Inception 2015-12-05 weights"):
        load_network(tmp_path / "other.pth")


@pytest.mark.gpu
def test_cuda_gives_the_same_features(random_weights, images, outputs):
    network = load_network(random_weights).cuda()
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    with torch.inference_mode():
        pooled = network.pool(images.cuda()).cpu()
    torch.backends.cudnn.allow_tf32 = before
    assert (pooled - outputs["2048"]).abs().max() < 1e-5 * outputs["2048"].max()
