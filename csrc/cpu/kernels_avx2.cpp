// Kernels for one instruction set. setup.py and the Makefile build them with these
// flags: -mavx2
#ifndef __AVX2__
#error "built without the flags above"
#endif
#define KSTAR_TARGET avx2
#include "cpu/kernels_of_target.hpp"
