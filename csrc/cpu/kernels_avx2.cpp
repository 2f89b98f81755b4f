// The kernels for one instruction set. Built with these flags, which setup.py and the Makefile
// read: flags: -mavx2
#define KSTAR_TARGET avx2
#include "cpu/kernels_of_target.hpp"
