// The CPU engine's source is compiled for several instruction sets. What it defines lives in an
// inline namespace of the target's name: otherwise the linker would keep one copy of an inline
// function for all, perhaps one that this processor cannot run.
#pragma once

// What the CUDA engine shares runs on the device there.
#if defined(__CUDACC__)
#define KSTAR_DEVICE __device__
#else
#define KSTAR_DEVICE
#endif

#ifndef KSTAR_TARGET
#define KSTAR_TARGET portable
#endif
