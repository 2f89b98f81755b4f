"""The start of a new engine has all that an engine must have, and is none itself."""

import pytest
import torch

from kstar_gpu.engines import registry, template


def test_it_has_what_is_asked_of_an_engine():
    assert issubclass(template.Engine, registry.Engine)
    assert not template.Engine.__abstractmethods__
    nothing = torch.empty(0)
    for question in (lambda e: e._search(nothing, nothing), lambda e: e._count(nothing)):
        with pytest.raises(NotImplementedError):
            question(template.Engine.__new__(template.Engine))


def test_nobody_is_sent_to_it():
    assert not any("template" in record.module for record in registry.BACKENDS.values())
