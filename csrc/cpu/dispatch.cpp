// Which kernels this processor can run.
#include <stdexcept>

#include "cpu/kernels.hpp"

namespace kstar::cpu {

inline namespace portable {
extern const Kernels kKernels;
}
#if defined(__x86_64__)
namespace avx2 {
extern const Kernels kKernels;
}
namespace avx512 {
extern const Kernels kKernels;
}
namespace avx512_vnni {
extern const Kernels kKernels;
}
#endif

namespace {

std::vector<const Kernels*> runnable() {
    std::vector<const Kernels*> found;
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    if (avx512 && __builtin_cpu_supports("avx512vnni")) {
        found.push_back(&avx512_vnni::kKernels);
    }
    if (avx512) {
        found.push_back(&avx512::kKernels);
    }
    if (__builtin_cpu_supports("avx2")) {
        found.push_back(&avx2::kKernels);
    }
#endif
    found.push_back(&portable::kKernels);
    return found;
}

}  // namespace

std::vector<std::string> targets() {
    std::vector<std::string> names;
    for (const Kernels* kernels : runnable()) {
        names.emplace_back(kernels->name);
    }
    return names;
}

const Kernels& kernels(const std::string& target) {
    for (const Kernels* kernels : runnable()) {
        if (target.empty() || target == kernels->name) {
            return *kernels;
        }
    }
    throw std::invalid_argument("this processor cannot run the instruction set " + target);
}

}  // namespace kstar::cpu
