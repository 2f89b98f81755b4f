"""The GPUs that kernels are built for are among those that the engine may use."""

from kstar_gpu.engines.cuda import capabilities


def test_what_is_compiled_is_known():
    compiled = {divmod(int(capability), 10) for capability in capabilities.COMPILED}
    assert compiled <= set(capabilities.KNOWN)


def test_a_capability_is_listed_once():
    for listed in (capabilities.COMPILED, capabilities.KNOWN):
        assert len(set(listed)) == len(listed)
