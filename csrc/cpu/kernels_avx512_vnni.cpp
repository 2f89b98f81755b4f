// Kernels for one instruction set. setup.py and the Makefile build them with these
// flags: -mavx2 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vnni
#ifndef __AVX512VNNI__
#error "built without the flags above"
#endif
#define KSTAR_TARGET avx512_vnni
#include "cpu/kernels_of_target.hpp"
