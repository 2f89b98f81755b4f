// Kernels for one instruction set. setup.py and the Makefile build them with these
// flags: -mavx2 -mavx512f -mavx512bw -mavx512dq -mavx512vl
#ifndef __AVX512BW__
#error "built without the flags above"
#endif
#define KSTAR_TARGET avx512
#include "cpu/kernels_of_target.hpp"
