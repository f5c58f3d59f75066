// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/memory.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

#include <new>

namespace octroi {
namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20U;  // of x86-64 and arm64 with 4 KiB pages

class HugePageResource final : public std::pmr::memory_resource {
    void* do_allocate(std::size_t octets, std::size_t alignment) override {
        if (octets < huge_page) return heap().allocate(octets, alignment);
        auto memory = PageMemory::reserve(octets);
        if (!memory) throw std::bad_alloc();  // the interface of memory_resource has no other error
        return memory->detach();
    }
    void do_deallocate(void* data, std::size_t octets, std::size_t alignment) override {
        if (octets < huge_page) return heap().deallocate(data, octets, alignment);
        PageMemory::unmap(data, octets);
    }
    [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
        return this == &other;
    }
    static std::pmr::memory_resource& heap() { return *std::pmr::new_delete_resource(); }
};

constexpr std::size_t whole_pages(std::size_t octets) noexcept {
    return (octets + huge_page - 1) / huge_page * huge_page;
}

}  // namespace

PageMemory::~PageMemory() {
    if (data_ != nullptr) ::munmap(data_, size_);
}

Result<PageMemory> PageMemory::reserve(std::size_t octets) {
    if (octets > SIZE_MAX - 2 * huge_page)
        return fail(ErrorCode::over_limit,
                    fmt::format("cannot reserve {} octets of address space for a table", octets));
    const std::size_t size = whole_pages(octets);
    void* const data = ::mmap(nullptr, size == 0 ? huge_page : size, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (data == MAP_FAILED)
        return fail(
            ErrorCode::over_limit,
            fmt::format("cannot reserve {} octets of address space for a table; next: lower "
                        "its limit, or raise ulimit -v",
                        size));
    // A failure is not an error: without huge pages the table is only slower.
    if (size > 0) static_cast<void>(::madvise(data, size, MADV_HUGEPAGE));
    return PageMemory(data, size == 0 ? huge_page : size);
}

void PageMemory::release() noexcept {
    if (data_ != nullptr) static_cast<void>(::madvise(data_, size_, MADV_DONTNEED));
}

void* PageMemory::detach() noexcept { return std::exchange(data_, nullptr); }

void PageMemory::unmap(void* data, std::size_t octets) noexcept {
    const PageMemory owner(data, whole_pages(octets));
}

std::pmr::memory_resource& huge_page_resource() noexcept {
    static HugePageResource resource;
    return resource;
}

}  // namespace octroi
