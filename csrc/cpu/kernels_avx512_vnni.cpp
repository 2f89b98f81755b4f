// The kernels for one instruction set. Built with these flags, which setup.py and the Makefile
// read: flags: -mavx2 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vnni
#define KSTAR_TARGET avx512_vnni
#include "cpu/kernels_of_target.hpp"
