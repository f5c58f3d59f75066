// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Zero-filled memory for big tables. The address space is reserved at once; a page becomes resident
// when it is first written. A table that may grow to millions of entries therefore occupies only
// what it contains, never moves, and is not copied to grow. Huge pages are requested from the
// kernel, which may refuse them.

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

    // At least `octets`, rounded up to huge pages. Error: over_limit (not enough address space).
    [[nodiscard]] static Result<PageMemory> reserve(std::size_t octets);
    // Aligned to a page.
    [[nodiscard]] void* data() const noexcept { return data_; }
    // Returns all pages to the kernel. The content is zero again; the address stays valid.
    void release() noexcept;

    // Gives up ownership and returns the address. The caller frees the memory with unmap(), with
    // the number of octets that it passed to reserve().
    [[nodiscard]] void* detach() noexcept;
    static void unmap(void* data, std::size_t octets) noexcept;

private:
    PageMemory(void* data, std::size_t size) noexcept : data_(data), size_(size) {}
    void* data_ = nullptr;
    std::size_t size_ = 0;
};

// An array of T in such memory. All elements start as zero octets, which must be a valid T.
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

// For containers that may become big: requests of the size of a huge page or more are served by
// PageMemory, smaller ones by the heap. Lives until the process ends. From any thread.
[[nodiscard]] std::pmr::memory_resource& huge_page_resource() noexcept;

}  // namespace octroi
