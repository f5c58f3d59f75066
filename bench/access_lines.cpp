// SPDX-License-Identifier: GPL-3.0-or-later
#include "access_lines.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <fstream>
#include <string_view>
#include <vector>

#include "base/hash.hpp"

namespace octroi::bench {
namespace {

constexpr std::uint32_t vhosts = 300;
constexpr std::uint32_t visitors = 100'000;
constexpr std::uint32_t pages = 20'000;

constexpr std::array<std::string_view, 8> agents = {{
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/17.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 "
    "Mobile Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.6 Safari/605.1.15",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "curl/7.88.1",
}};
constexpr std::array<std::string_view, 4> folders = {{"products", "images", "articles", "static"}};
constexpr std::array<unsigned, 8> statuses = {{200, 200, 200, 200, 200, 304, 404, 206}};

std::string vhost_name(std::uint32_t number) { return fmt::format("www.site{}.example", number); }

// Low numbers are frequent: the part of number n falls with its square root.
std::uint32_t pick(std::uint64_t random, std::uint32_t count) {
    const double part = static_cast<double>(random >> 11U) * 0x1p-53;
    return static_cast<std::uint32_t>(part * part * count);
}

// "31/Jan/2026:23:59:59", of a second since the begin of 2026.
std::string time_text(std::uint64_t second) {
    constexpr std::array<unsigned, 12> days = {{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}};
    constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    std::uint64_t day = second / 86'400 % 365;
    std::size_t month = 0;
    while (day >= days.at(month)) day -= days.at(month++);
    const std::uint64_t of_day = second % 86'400;
    return fmt::format("{:02}/{}/2026:{:02}:{:02}:{:02}", day + 1, months.substr(month * 3, 3),
                       of_day / 3600, of_day / 60 % 60, of_day % 60);
}

class LineMaker {
public:
    explicit LineMaker(std::uint64_t seed) : seed_(seed), names_(vhosts), sums_(vhosts) {
        for (std::uint32_t i = 0; i < vhosts; ++i) names_[i] = vhost_name(i);
    }

    void append(std::uint64_t number, std::string& out) {
        const std::uint64_t a = mix(number + mix_a, seed_ ^ mix_b);
        const std::uint64_t b = mix(a ^ mix_c, number + mix_b);
        Visit& visit = visits_[(a >> 32U) % visits_.size()];
        if (visit.requests_left == 0) visit = begin_visit(mix(b ^ mix_a, a));
        --visit.requests_left;
        const std::uint32_t vhost = visit.vhost;
        const std::uint32_t visitor = visit.visitor;
        const unsigned status = statuses[a & 7U];
        const std::uint64_t octets =
            status == 304 ? 0 : 200 + (b & 0xffffU) * ((a >> 8U & 15U) == 0 ? 40 : 1);
        if (number % lines_per_second == 0) time_ = time_text(number / lines_per_second);
        const auto page = static_cast<std::uint32_t>(b >> 20U) % pages;
        const std::string_view folder = folders[a >> 4U & 3U];
        const std::string& name = names_[vhost];
        fmt::format_to(
            std::back_inserter(out),
            FMT_COMPILE("{}:443 {}.{}.{}.{} - - [{} +0000] \"GET /{}/{}/item-{}.html HTTP/1.1\" {} "
                        "{} \"https://{}/{}/index.html?page={}\" \"{}\"\n"),
            name, 1 + (visitor >> 24U) % 9, visitor >> 16U & 255U, visitor >> 8U & 255U,
            visitor & 255U, time_, folder, page % 97, page, status, octets, name, folder, page % 53,
            agents[a >> 12U & 7U]);
        sums_[vhost] += octets;
    }

    [[nodiscard]] std::map<std::string, std::uint64_t> sums() const {
        std::map<std::string, std::uint64_t> sums;
        for (std::uint32_t i = 0; i < vhosts; ++i)
            if (sums_[i] > 0) sums[names_[i]] = sums_[i];
        return sums;
    }

private:
    // A visitor reads pages of one site: 1 to 23 requests.
    struct Visit {
        std::uint32_t vhost = 0;
        std::uint32_t visitor = 0;  // an IPv4 address, nearly
        std::uint32_t requests_left = 0;
    };
    [[nodiscard]] Visit begin_visit(std::uint64_t random) const {
        return {.vhost = pick(mix(random, mix_b), vhosts),
                .visitor = static_cast<std::uint32_t>(
                    mix(pick(mix(random, mix_c), visitors) + mix_a, seed_ + mix_c) & 0xffffffffU),
                .requests_left = 1 + static_cast<std::uint32_t>(random >> 8U) % 23};
    }

    std::uint64_t seed_;
    std::array<Visit, 300> visits_{};  // at the same time
    std::string time_;
    std::vector<std::string> names_;
    std::vector<std::uint64_t> sums_;
};

}  // namespace

Result<AccessLog> make_access_log(const std::string& path, std::uint64_t lines,
                                  std::uint64_t seed) {
    constexpr std::size_t block = std::size_t{1} << 20U;
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    AccessLog made{.lines = lines};
    LineMaker maker(seed);
    std::string text;
    for (std::uint64_t i = 0; i < lines; ++i) {
        maker.append(i, text);
        if (text.size() < block && i + 1 < lines) continue;
        file << text;
        made.octets += text.size();
        text.clear();
    }
    file.close();
    if (!file) return fail(ErrorCode::failed, fmt::format("{}: cannot be written", path));
    made.by_vhost = maker.sums();
    return made;
}

}  // namespace octroi::bench
