// SPDX-License-Identifier: GPL-3.0-or-later
#include "log_floor.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <array>
#include <cstring>
#include <string_view>

#include "base/hash.hpp"
#include "host/file.hpp"

namespace octroi::bench {
namespace {

struct Sum {
    std::string_view name;
    std::uint64_t octets = 0;
};

// Open addressing. The generated log has fewer names than it has places.
class Sums {
public:
    void add(std::string_view name, std::uint64_t octets) {
        // Words of eight octets; the last one ends with the name.
        constexpr std::size_t word = sizeof(std::uint64_t);
        std::uint64_t hash = name.size();
        const auto add_word = [&](std::size_t from) {
            std::uint64_t octets_of_name = 0;
            std::memcpy(&octets_of_name, name.data() + from, std::min(word, name.size()));
            hash = mix(hash ^ octets_of_name ^ mix_a, mix_b);
        };
        for (std::size_t from = 0; from + word < name.size(); from += word) add_word(from);
        add_word(name.size() - std::min(word, name.size()));
        std::size_t at = hash % table_.size();
        while (!table_[at].name.empty() && table_[at].name != name) at = (at + 1) % table_.size();
        table_[at].name = name;
        table_[at].octets += octets;
    }
    [[nodiscard]] std::map<std::string, std::uint64_t> all() const {
        std::map<std::string, std::uint64_t> sums;
        for (const Sum& sum : table_)
            if (sum.octets > 0) sums[std::string(sum.name)] = sum.octets;
        return sums;
    }

private:
    std::array<Sum, 4096> table_{};
};

const char* find(const char* at, char wanted, const char* end) {
    const void* const found = std::memchr(at, wanted, static_cast<std::size_t>(end - at));
    return found == nullptr ? end : static_cast<const char*>(found);
}

}  // namespace

Result<LogSums> sum_vhosts(const std::string& path) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status{};
    if (::fstat(file.get(), &status) != 0 || status.st_size == 0)
        return fail(ErrorCode::failed, fmt::format("{}: cannot be read", path));
    const auto size = static_cast<std::size_t>(status.st_size);
    void* const mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (mapped == MAP_FAILED)
        return fail(ErrorCode::failed, fmt::format("{}: cannot be mapped", path));
    ::madvise(mapped, size, MADV_SEQUENTIAL);
    const char* at = static_cast<const char*>(mapped);
    const char* const end = at + size;
    LogSums found;
    Sums sums;
    while (at < end) {
        const char* const line_end = find(at, '\n', end);
        const char* const host_end = find(at, ':', line_end);
        const char* const request = find(host_end, '"', line_end);
        const char* field = find(request + 1, '"', line_end) + 6;  // behind `" 200 `
        std::uint64_t octets = 0;
        while (field < line_end && *field >= '0' && *field <= '9')
            octets = octets * 10 + static_cast<std::uint64_t>(*field++ - '0');
        sums.add({at, static_cast<std::size_t>(host_end - at)}, octets);
        ++found.lines;
        at = line_end + 1;
    }
    found.by_vhost = sums.all();
    ::munmap(mapped, size);
    return found;
}

}  // namespace octroi::bench
