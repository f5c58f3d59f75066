// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/system_users.hpp"

#include <fmt/format.h>

namespace octroi {
namespace {

// Some 300,000 users.
constexpr std::size_t passwd_octets_max = std::size_t{32} << 20U;
constexpr std::size_t login_defs_octets_max = std::size_t{1} << 20U;

class SystemConfigFiles final : public web_config::ConfigFiles {
public:
    explicit SystemConfigFiles(const RootedFiles& files) : files_(files) {}
    std::optional<std::string> read(const std::string& path) override {
        auto text = files_.read(path, web_config::file_octets_max);
        if (!text) return std::nullopt;
        return *std::move(text);
    }
    std::vector<std::string> matching(const std::string& pattern) override {
        return files_.matching(pattern);
    }

private:
    const RootedFiles& files_;
};

}  // namespace

Result<SystemUsers> read_system_users(const RootedFiles& files, const std::string& passwd_file) {
    TRY_ASSIGN(const std::string text, files.read(passwd_file, passwd_octets_max));
    passwd::Users listed = passwd::parse_passwd(text);
    SystemUsers system{.users = std::move(listed.users), .uids = {}, .sites = {}, .notes = {}};
    if (listed.bad_lines > 0)
        system.notes.push_back(fmt::format("{}: {} lines are no users, and are left out",
                                           passwd_file, listed.bad_lines));
    if (const auto defs = files.read("/etc/login.defs", login_defs_octets_max))
        system.uids = passwd::parse_login_defs(*defs);
    SystemConfigFiles config_files(files);
    for (const web_config::MainFile& file : web_config::main_files) {
        auto config = web_config::read_web_config(file, config_files);
        if (!config) {
            if (files.exists(std::string(file.path)))
                system.notes.push_back(
                    fmt::format("{} cannot be read: its sites are missing", file.path));
            continue;
        }
        for (web_config::Site& site : config->sites) system.sites.push_back(std::move(site));
        for (std::string& problem : config->problems) system.notes.push_back(std::move(problem));
    }
    return system;
}

}  // namespace octroi
