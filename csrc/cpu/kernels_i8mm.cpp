// Kernels for one instruction set. setup.py and the Makefile build them with these
// flags: -march=armv8.2-a+dotprod+i8mm
#ifndef __ARM_FEATURE_MATMUL_INT8
#error "built without the flags above"
#endif
#define KSTAR_TARGET i8mm
#include "cpu/kernels_of_target.hpp"
