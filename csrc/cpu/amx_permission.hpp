// Whether a process may use Intel's tiles. Besides the processor, the kernel has to agree: it asks
// to be asked, since a thread's state then takes 8 KB more wherever signals save it.
#pragma once

#include <atomic>

#if defined(__x86_64__) && defined(__linux__) && !defined(KSTAR_AMX_TWIN)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#endif

namespace kstar::cpu {

#if defined(KSTAR_AMX_TWIN)

inline bool amx_offered() { return true; }
inline bool amx_permitted() { return true; }

#elif defined(__x86_64__) && defined(__linux__)

// Of the processor's extended state, and of Linux' arch_prctl, whose header may be older.
constexpr int kTileData = 18;
constexpr uint64_t kTileState = 3 << 17;  // configuration and data
constexpr int kGetSupported = 0x1021;
constexpr int kRequestPermission = 0x1023;

// Set once the kernel refused.
inline std::atomic<bool> amx_refused{false};

inline bool processor_has_amx() {
    unsigned a, b, c, d;
    constexpr unsigned kSavedBySystem = 1u << 27;
    if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & kSavedBySystem) == 0) {
        return false;
    }
    constexpr unsigned kTiles = 1u << 24 | 1u << 25;  // amx-tile, amx-int8
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (d & kTiles) != kTiles) {
        return false;
    }
    // One palette: eight tiles of 16 x 64 bytes.
    if (__get_cpuid_count(0x1d, 1, &a, &b, &c, &d) == 0 || b >> 16 < 8 || (b & 0xffff) < 64 ||
        (c & 0xffff) < 16) {
        return false;
    }
    uint32_t low, high;
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low & kTileState) == kTileState;
}

// Asks for nothing.
inline bool amx_offered() {
    static const bool offered = [] {
        uint64_t supported = 0;
        return processor_has_amx() && syscall(SYS_arch_prctl, kGetSupported, &supported) == 0 &&
               (supported >> kTileData & 1) != 0;
    }();
    return offered && !amx_refused;
}

// Asks for the whole process, once.
inline bool amx_permitted() {
    static const bool permitted =
        amx_offered() && syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
    amx_refused = !permitted;
    return permitted;
}

#else

inline bool amx_offered() { return false; }
inline bool amx_permitted() { return false; }

#endif

}  // namespace kstar::cpu
