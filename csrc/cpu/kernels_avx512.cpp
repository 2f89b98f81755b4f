// The kernels for one instruction set. Built with these flags, which setup.py and the Makefile
// read: flags: -mavx2 -mavx512f -mavx512bw -mavx512dq -mavx512vl
#define KSTAR_TARGET avx512
#include "cpu/kernels_of_target.hpp"
