// Memory of a device as Python describes it, checked before a kernel is told its address.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace kstar::cuda {

// A matrix, or one column of numbers.
struct Array {
    uintptr_t address;
    std::string type;  // float16, int64, ...: torch's names
    int64_t rows;
    int64_t columns;
    int64_t stride;  // numbers from one row to the next
    int device;      // torch's index; -1 is the host
};

inline std::string shape(int64_t rows, int64_t columns, const std::string& type) {
    const std::string across = columns == 1 ? "" : " x " + std::to_string(columns);
    return std::to_string(rows) + across + " " + type;
}

[[noreturn]] inline void refuse(const std::string& name, const std::string& wanted,
                                const std::string& got) {
    throw std::invalid_argument(name + ": " + wanted + " wanted, got " + got);
}

// The one device on which all memory of a structure lies.
class Device {
 public:
    // Where an array of this type starts that has so many rows, or more, and nothing between them.
    template <typename Value>
    Value* pointer(const char* name, const Array& array, const char* type, int64_t rows,
                   int64_t columns = 1) {
        if (array.type != type || array.rows < rows || array.columns != columns) {
            refuse(name, "at least " + shape(rows, columns, type) + " are",
                   shape(array.rows, array.columns, array.type));
        }
        if (array.stride != columns && array.rows > 1) {
            refuse(name, "rows without gaps are",
                   std::to_string(columns) + " in every " + std::to_string(array.stride));
        }
        return pointer<Value>(name, array);
    }

    // The same of an array that need not be there; null then.
    template <typename Value>
    Value* pointer(const char* name, const Array* array, const char* type, int64_t rows) {
        return array == nullptr ? nullptr : pointer<Value>(name, *array, type, rows);
    }

    // Where any array starts.
    template <typename Value>
    Value* pointer(const char* name, const Array& array) {
        join(name, Device(name, array.device));
        return reinterpret_cast<Value*>(array.address);
    }

    void join(const char* name, const Device& other) {
        if (first_.empty()) {
            *this = other;
        } else if (other.index_ != index_) {
            refuse(name, "memory of device " + std::to_string(index_) + ", like " + first_ + ", is",
                   "device " + std::to_string(other.index_));
        }
    }

    Device() = default;
    int index() const { return index_; }

 private:
    Device(const char* name, int index) : first_(name), index_(index) {}

    std::string first_;  // whose device it is
    int index_ = 0;
};

// What kernels are told, where it lies, and of how many samples it is.
template <typename Parameters>
struct On {
    Device device;
    Parameters parameters;
    int64_t count = 0;
    int64_t others = 0;  // of the columns, where it is of both sides

    // Takes up the device of something that goes with it.
    template <typename Other>
    void join(const char* name, const On<Other>& other, int64_t wanted = 0) {
        device.join(name, other.device);
        if (other.count < wanted) {
            refuse(name, "at least " + std::to_string(wanted) + " samples are",
                   std::to_string(other.count));
        }
    }
};

}  // namespace kstar::cuda
