"""What the commands show: lines, tables, progress, mistakes."""
