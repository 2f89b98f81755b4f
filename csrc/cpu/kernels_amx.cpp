// Kernels for one instruction set. setup.py and the Makefile build them with these
// flags: -mavx2 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vnni
// The tiles are in assembly; their twin in plain C++ goes with the vectors of any processor.
#if !defined(__AVX512VNNI__) && !defined(KSTAR_AMX_TWIN)
#error "built without the flags above"
#endif
#define KSTAR_TARGET amx
#define KSTAR_AMX
#include "cpu/kernels_of_target.hpp"
