// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// `octroi account scan`: an account for each person who has a user on the system, with the bindings
// user, uid and the domains of the sites below the home of the user. Pure.
//
// It adds and changes nothing else: what a person has declared stays, and what the system does not
// have any more is reported. Once it was applied, the same scan gives no change.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/reconcile.hpp"
#include "wire/passwd/passwd.hpp"
#include "wire/web_config/web_config.hpp"

namespace octroi {

struct ScanOptions {
    passwd::UidRange uids;
    bool logins_only = false;  // only users who can log in
    std::string parent;        // of accounts that are made; empty: none
    // Folders of sites by user beside the homes: "/srv/www/{user}". `*` is any name. A site in one
    // belongs to the user with that name.
    std::vector<std::string> folders;
};

struct ScanResult {
    DesiredDirectory desired;
    // For people, a sentence each: names that are left out, and users that are gone.
    std::vector<std::string> notes;
};

// Errors: invalid (a folder is no absolute path, or has no {user}).
[[nodiscard]] Status check_scan_folder(std::string_view folder);

// sites: of all web servers. now: which bindings of `known` hold. Bounded by its input: the notes
// are at most scan_notes_max.
inline constexpr std::size_t scan_notes_max = 1000;
[[nodiscard]] ScanResult scan_accounts(std::span<const passwd::User> users,
                                       std::span<const web_config::Site> sites,
                                       const ScanOptions& options, const Directory& known,
                                       UtcTime now);

}  // namespace octroi
