// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/commands/account_scan.hpp"

#include <fmt/format.h>

#include <memory>

#include "app/ledger_access.hpp"
#include "base/narrow.hpp"
#include "host/log.hpp"
#include "service/account_scan.hpp"
#include "service/system_users.hpp"
#include "view/text.hpp"
#include "view/units.hpp"

namespace octroi {
namespace {

constexpr std::uint64_t from_login_defs = UINT64_MAX;

struct Options {
    std::string root = "/";
    std::string passwd = "/etc/passwd";
    std::uint64_t uid_min = from_login_defs;
    std::uint64_t uid_max = from_login_defs;
    std::vector<std::string> folders;
    std::string parent;
    bool logins = false;
    bool dry_run = false;
};

Result<ScanOptions> scan_options(const Options& options, const SystemUsers& system) {
    constexpr std::uint64_t greatest = UINT32_MAX;
    ScanOptions out{.uids = system.uids,
                    .logins_only = options.logins,
                    .parent = options.parent,
                    .folders = options.folders};
    if (options.uid_min != from_login_defs)
        out.uids.first = narrow<std::uint32_t>(std::min(options.uid_min, greatest));
    if (options.uid_max != from_login_defs)
        out.uids.last = narrow<std::uint32_t>(std::min(options.uid_max, greatest));
    for (const std::string& folder : options.folders)
        TRY(of_option("--sites", check_scan_folder(folder)));
    return out;
}

Result<ExitStatus> scan(Session& session, const Options& options) {
    const RootedFiles files(options.root);
    TRY_ASSIGN(const SystemUsers system, read_system_users(files, options.passwd));
    TRY_ASSIGN(const ScanOptions wanted, scan_options(options, system));
    TRY_ASSIGN(auto ledger, open_ledger(session, OpenMode::create));
    TRY_ASSIGN(const Directory directory, ledger->directory());
    const UtcTime now = session.clock().now();
    const ScanResult result = scan_accounts(system.users, system.sites, wanted, directory, now);
    const Reconciliation plan = reconcile(directory, result.desired, now);
    std::string text;
    for (const std::string& line : plan.lines) text += printable(line) + "\n";
    TRY(session.print(text));
    for (const auto* notes : {&system.notes, &result.notes})
        for (const std::string& note : *notes) log_warning(printable(note));
    const std::string changes = counted_text(plan.lines.size(), "change", "changes");
    if (plan.lines.empty()) {
        log_info("every user has an account already: nothing changed");
    } else if (options.dry_run) {
        log_info(fmt::format("{}, none of them made (--dry-run)", changes));
    } else {
        TRY_ASSIGN([[maybe_unused]] const bool changed, ledger->apply(plan.change, now));
        log_info(fmt::format("{} made", changes));
    }
    return ExitStatus::done;
}

}  // namespace

void add_account_scan(const Command& account, Session& session) {
    auto options = std::make_shared<Options>();
    account
        .sub(
            "scan",
            "Add an account for each user of this system, with the bindings user, uid and the "
            "domains of the web sites below the home. No binding is removed or changed; running it "
            "again is harmless")
        .text("--root", options->root,
              "The system to look at: the folder of a container or of a mounted disk (default: /)",
              "FOLDER")
        .text("--passwd", options->passwd, "Its users (default: /etc/passwd)", "FILE")
        .number("--uid-min", options->uid_min, "First uid (default: UID_MIN of /etc/login.defs)",
                "UID")
        .number("--uid-max", options->uid_max, "Last uid (default: UID_MAX of /etc/login.defs)",
                "UID")
        .texts("--sites", options->folders,
               "Where the sites of a user are, beside the home: /srv/www/{user}", "FOLDER")
        .text("--parent", options->parent, "The parent of accounts that are added", "NAME")
        .flag("--logins", options->logins, "Only users who can log in: neither nologin nor false")
        .flag("--dry-run", options->dry_run, "Print the changes without making them")
        .does([&session, options] { return scan(session, *options); });
}

}  // namespace octroi
