// The same source is compiled for several instruction sets. What it defines lives in an inline
// namespace of the target's name: otherwise the linker would keep one copy of an inline function
// for all, perhaps one that this processor cannot run.
#pragma once

#ifndef KSTAR_TARGET
#define KSTAR_TARGET portable
#endif
