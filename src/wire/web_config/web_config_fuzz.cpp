// SPDX-License-Identifier: GPL-3.0-or-later
// Input: the main file of a configuration, which may include itself. Whatever it has, the result is
// within its bounds.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.hpp"
#include "wire/web_config/web_config.hpp"

namespace octroi::web_config {
namespace {

class OneFile final : public ConfigFiles {
public:
    explicit OneFile(std::string_view text) : text_(text) {}
    std::optional<std::string> read(const std::string& path) override {
        if (!path.ends_with("main.conf") || ++reads_ > 40) return std::nullopt;
        return std::string(text_);
    }
    std::vector<std::string> matching(const std::string& pattern) override {
        if (pattern.contains('*')) return {"/etc/main.conf", "/etc/main.conf"};
        return {pattern};
    }

private:
    std::string_view text_;
    int reads_ = 0;
};

void check(const WebConfig& config) {
    CHECK(config.sites.size() <= sites_max);
    CHECK(config.problems.size() <= problems_max);
    for (const AccessLog& log : config.shared_logs) CHECK(log.path.starts_with('/'));
    for (const Site& site : config.sites)
        for (const AccessLog& log : site.logs) CHECK(log.path.starts_with('/'));
}

}  // namespace
}  // namespace octroi::web_config

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace octroi::web_config;
    const std::string_view text(static_cast<const char*>(static_cast<const void*>(data)), size);
    OneFile apache(text);
    if (const auto config = read_apache("/etc/main.conf", apache)) check(*config);
    OneFile nginx(text);
    if (const auto config = read_nginx("/etc/main.conf", "/var/log/access.log", nginx))
        check(*config);
    return 0;
}
