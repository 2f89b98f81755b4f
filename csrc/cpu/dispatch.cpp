// Which kernels this processor can run.
#include <stdexcept>

#include "cpu/amx_permission.hpp"
#include "cpu/kernels.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif
#if defined(__x86_64__) || defined(KSTAR_AMX_TWIN)
#define KSTAR_HAS_AMX  // or its twin, of any processor
#endif

namespace kstar::cpu {

inline namespace portable {
extern const Kernels kKernels;
}
#if defined(KSTAR_HAS_AMX)
namespace amx {
extern const Kernels kKernels;
}
#endif
#if defined(__x86_64__)
namespace avx2 {
extern const Kernels kKernels;
}
namespace avx_vnni {
extern const Kernels kKernels;
}
namespace avx512 {
extern const Kernels kKernels;
}
namespace avx512_vnni {
extern const Kernels kKernels;
}
#elif defined(__aarch64__) && defined(__linux__)
namespace neon_dot {
extern const Kernels kKernels;
}
namespace i8mm {
extern const Kernels kKernels;
}
#endif

namespace {

#if defined(__x86_64__)
// GCC 12 does not know it by name. Its registers are those of AVX2.
bool has_avx_vnni() {
    unsigned eax, ebx, ecx, edx;
    return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) != 0 && (eax >> 4 & 1) != 0;
}
#endif

std::vector<const Kernels*> runnable() {
    std::vector<const Kernels*> found;
#if defined(KSTAR_AMX_TWIN)
    found.push_back(&amx::kKernels);
#endif
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#if !defined(KSTAR_AMX_TWIN)
    if (avx512 && __builtin_cpu_supports("avx512vnni") && amx_offered()) {
        found.push_back(&amx::kKernels);
    }
#endif
    if (avx512 && __builtin_cpu_supports("avx512vnni")) {
        found.push_back(&avx512_vnni::kKernels);
    }
    if (avx512) {
        found.push_back(&avx512::kKernels);
    }
    const bool avx2 = __builtin_cpu_supports("avx2");
    if (avx2 && has_avx_vnni()) {
        found.push_back(&avx_vnni::kKernels);
    }
    if (avx2) {
        found.push_back(&avx2::kKernels);
    }
#elif defined(__aarch64__) && defined(__linux__)
    // As Linux numbers them; the headers of older systems do not name all.
    const bool dot = (getauxval(AT_HWCAP) >> 20 & 1) != 0;      // HWCAP_ASIMDDP
    const bool matrix = (getauxval(AT_HWCAP2) >> 13 & 1) != 0;  // HWCAP2_I8MM
    if (dot && matrix) {
        found.push_back(&i8mm::kKernels);
    }
    if (dot) {
        found.push_back(&neon_dot::kKernels);
    }
#endif
    found.push_back(&portable::kKernels);
    return found;
}

// Whether the system lets these kernels run, once they are chosen.
bool permitted([[maybe_unused]] const Kernels* kernels) {
#if defined(KSTAR_HAS_AMX)
    return kernels != &amx::kKernels || amx_permitted();
#else
    return true;
#endif
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
        if ((target.empty() || target == kernels->name) && permitted(kernels)) {
            return *kernels;
        }
    }
    throw std::invalid_argument("this machine cannot run the instruction set " + target);
}

}  // namespace kstar::cpu
