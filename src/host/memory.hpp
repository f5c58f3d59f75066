// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Zero-filled memory for big tables. The address space is reserved at once, pages become resident
// when they are first touched: a table that may grow to millions of entries costs what it holds,
// never moves, and needs no copy to grow. Huge pages are asked for where the kernel has them.

#include <cstddef>
#include <memory_resource>
#include <type_traits>
#include <utility>

#include "base/result.hpp"

namespace octroi {

class PageMemory {
public:
    PageMemory() noexcept = default;
    PageMemory(PageMemory&& o) noexcept
        : data_(std::exchange(o.data_, nullptr)), size_(std::exchange(o.size_, 0)) {}
    PageMemory& operator=(PageMemory&& o) noexcept {
        std::swap(data_, o.data_);
        std::swap(size_, o.size_);
        return *this;
    }
    PageMemory(const PageMemory&) = delete;
    PageMemory& operator=(const PageMemory&) = delete;
    ~PageMemory();

    // over_limit where the address space does not allow it.
    [[nodiscard]] static Result<PageMemory> reserve(std::size_t octets);
    [[nodiscard]] void* data() const noexcept { return data_; }
    // Gives all pages back to the kernel; the content is zero again.
    void release() noexcept;

    // For those who keep the address themselves: the memory lives on until take_back() with the
    // octets that were reserved.
    [[nodiscard]] void* hand_out() noexcept;
    static void take_back(void* data, std::size_t octets) noexcept;

private:
    PageMemory(void* data, std::size_t size) noexcept : data_(data), size_(size) {}
    void* data_ = nullptr;
    std::size_t size_ = 0;
};

// An array of values for which all-zero octets are a value.
template <typename T>
class PageArray {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

public:
    PageArray() noexcept = default;
    [[nodiscard]] static Result<PageArray> reserve(std::size_t count) {
        TRY_ASSIGN(PageMemory memory, PageMemory::reserve(count * sizeof(T)));
        return PageArray(std::move(memory));
    }
    [[nodiscard]] T* data() const noexcept { return static_cast<T*>(memory_.data()); }
    [[nodiscard]] T& operator[](std::size_t i) const noexcept { return data()[i]; }
    void release() noexcept { memory_.release(); }

private:
    explicit PageArray(PageMemory memory) noexcept : memory_(std::move(memory)) {}
    PageMemory memory_;
};

// For containers that may become big: what they ask for in sizes of huge pages is made of them
// where the kernel has some; the rest comes from the heap. Never ends; for all threads.
[[nodiscard]] std::pmr::memory_resource& huge_page_resource() noexcept;

}  // namespace octroi
