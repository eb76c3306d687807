"""Our decisions held against those of rights written a second time, over OpenFisca."""
