"""NORMALIZE: from what frontends write to one flat @main of plain StableHLO whose arguments and results have roles."""
