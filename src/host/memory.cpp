// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/memory.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

namespace octroi {
namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20U;

}  // namespace

PageMemory::~PageMemory() {
    if (data_ != nullptr) ::munmap(data_, size_);
}

Result<PageMemory> PageMemory::reserve(std::size_t octets) {
    if (octets > SIZE_MAX - 2 * huge_page)
        return fail(ErrorCode::over_limit, "cannot reserve that much memory");
    const std::size_t size = (octets + huge_page - 1) / huge_page * huge_page;
    void* const data = ::mmap(nullptr, size == 0 ? huge_page : size, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (data == MAP_FAILED)
        return fail(
            ErrorCode::over_limit,
            fmt::format("cannot reserve {} octets of address space for a table; next: lower "
                        "its limit, or raise ulimit -v",
                        size));
    // A wish, not a need: without huge pages the table is only slower.
    if (size > 0) static_cast<void>(::madvise(data, size, MADV_HUGEPAGE));
    return PageMemory(data, size == 0 ? huge_page : size);
}

void PageMemory::release() noexcept {
    if (data_ != nullptr) static_cast<void>(::madvise(data_, size_, MADV_DONTNEED));
}

}  // namespace octroi
