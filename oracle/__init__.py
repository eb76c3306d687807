"""Some rights written a second time by hand, over OpenFisca, to hold ours against."""
