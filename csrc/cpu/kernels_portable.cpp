// The kernels for any processor.
#define KSTAR_TARGET portable
#include "cpu/kernels_of_target.hpp"
