// Kernels for one instruction set. setup.py and the Makefile build them with these
// flags: -mavx2 -mavxvnni
#ifndef __AVXVNNI__
#error "built without the flags above"
#endif
#define KSTAR_TARGET avx_vnni
#include "cpu/kernels_of_target.hpp"
