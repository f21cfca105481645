"""The user's annotations as masks: what a port, and what an op gives, must be."""

import numpy as np

from passes.analysis.shardings.cases import Case
from passes.choosers.base import Mask, keep


def annotation_masks(case: Case) -> dict[int, Mask]:
    """Site index -> its strategies that do as the user says; a value with several readers is so where they share it."""
    graph, masks = case.graph, dict[int, Mask]()

    def add(index: int, mask: Mask) -> None:
        masks[index] = masks[index] & mask if index in masks else mask

    for value_id, wanted in case.annotations.ports.items():
        if value_id in graph.ports:
            port = graph.ports[value_id]
            add(port.index, keep(port, wanted.fits))
    for value, wanted in case.annotations.values.items():
        if value in graph.copies:
            add(graph.copies[value].index, keep(graph.copies[value], wanted.fits))
        elif value in graph.source_of:
            site, result = graph.source_of[value]
            add(site.index, np.array([wanted.fits(form[result]) for form in site.forms]))
    return masks
