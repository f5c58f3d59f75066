// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/system_users.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

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

// The owner of a configuration could bind the domains of others: only files of root count.
void add_sites(const RootedFiles& files, std::vector<web_config::Site> sites, SystemUsers& system) {
    std::map<std::string, bool> is_of_root;  // by file
    for (web_config::Site& site : sites) {
        const auto counts = [&](const std::string& file) {
            const auto [known, is_new] = is_of_root.emplace(file, false);
            if (is_new) known->second = files.only_root_writes(file);
            if (is_new && !known->second)
                system.notes.push_back(fmt::format(
                    "{}: its sites are left out, because others than root can write the file, and "
                    "could name domains of others; next: chown root and chmod go-w, or octroi "
                    "bind \"domain NAME\" ACCOUNT",
                    file));
            return known->second;
        };
        bool is_good = counts(site.file);
        for (const std::string& file : site.other_files) is_good = counts(file) && is_good;
        if (is_good) system.sites.push_back(std::move(site));
    }
}

}  // namespace

Result<SystemUsers> read_system_users(const RootedFiles& files, const std::string& passwd_file) {
    TRY_ASSIGN(const std::string text, files.read(passwd_file, passwd_octets_max));
    passwd::Users listed = passwd::parse_passwd(text);
    SystemUsers system{.users = std::move(listed.users), .uids = {}, .sites = {}, .notes = {}};
    if (listed.bad_lines > 0)
        system.notes.push_back(fmt::format(
            "{}: {}", passwd_file,
            listed.bad_lines == 1
                ? std::string("1 line is no user, and is left out")
                : fmt::format("{} lines are no users, and are left out", listed.bad_lines)));
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
        add_sites(files, std::move(config->sites), system);
        for (std::string& problem : config->problems) system.notes.push_back(std::move(problem));
    }
    return system;
}

}  // namespace octroi
