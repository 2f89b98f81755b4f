// Kernels for one instruction set. setup.py and the Makefile build them with these
// flags: -march=armv8.2-a+dotprod
#ifndef __ARM_FEATURE_DOTPROD
#error "built without the flags above"
#endif
#define KSTAR_TARGET neon_dot
#include "cpu/kernels_of_target.hpp"
