// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/account_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>

#include "base/address.hpp"
#include "ledger/rules.hpp"
#include "record/identity.hpp"

namespace octroi {
namespace {

constexpr std::string_view user_word = "{user}";

// Homes that are of no person: every path would be below them, or none exists.
constexpr std::array<std::string_view, 6> shared_homes{"",         "/nonexistent", "/dev/null",
                                                       "/var/www", "/home",        "/srv"};

std::string_view next_part(std::string_view& path) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    return part;
}

// The part of a path that stands in the place of {user}; empty: the path is not in the folder.
std::string_view user_in_path(std::string_view path, std::string_view folder) {
    std::string_view user;
    while (!folder.empty()) {
        if (path.empty()) return {};
        const std::string_view expected = next_part(folder);
        const std::string_view part = next_part(path);
        if (expected == user_word)
            user = part;
        else if (expected != "*" && expected != part)
            return {};
    }
    return user;
}

// Domains and wildcards of a name in the configuration of a web server. Empty: it is no domain.
std::vector<Identity> domains_of_name(std::string_view name) {
    std::vector<std::string> texts{std::string(name)};
    // nginx: ".example.org" is "example.org" and "*.example.org".
    if (name.starts_with('.')) texts = {std::string(name.substr(1)), "*" + std::string(name)};
    std::vector<Identity> identities;
    for (const std::string& text : texts) {
        if (parse_address(text)) continue;  // a site for requests without a name
        if (auto identity = parse_identity("domain " + text)) identities.push_back(*identity);
    }
    return identities;
}

// "*.org": the domains of all others that end so would be bound.
bool is_wildcard_of_top_level(const Identity& domain) {
    constexpr std::string_view wildcard = "domain *.";
    const std::string text = identity_text(domain);
    return text.starts_with(wildcard) && text.find('.', wildcard.size()) == std::string::npos;
}

std::string account_of_user(const passwd::User& user) { return user.name; }

class Scan {
public:
    Scan(std::span<const passwd::User> users, const ScanOptions& options, const Directory& known,
         UtcTime now)
        : options_(options) {
        for (const Account& account : known.accounts) accounts_.insert(account.name);
        for (const Binding& binding : known.bindings) {
            if (!binding.valid.contains(now)) continue;
            const Binding*& newest = holders_[binding.identity];
            if (newest == nullptr || binding.id > newest->id) newest = &binding;
        }
        for (const Binding& binding : known.bindings)
            if (!holders_.contains(binding.identity)) past_.emplace(binding.identity, &binding);
        for (const passwd::User& user : users) names_.emplace(user.name, &user);
        for (const passwd::User& user : users) uids_.emplace(user.uid, &user);
    }

    void add_user(const passwd::User& user) {
        if (user.uid < options_.uids.first || user.uid > options_.uids.last) return;
        if (options_.logins_only && !passwd::is_login_shell(user.shell)) return;
        if (!is_account_name(user.name))
            return note("user {} is left out: this is no name of an account", user.name);
        people_.emplace(user.name, &user);
        add_home(user);
        const std::string account = account_of_user(user);
        if (!accounts_.contains(account)) {
            DesiredAccount desired{account, options_.parent, std::nullopt};
            if (!user.full_name.empty() && is_name(user.full_name)) desired.title = user.full_name;
            result_.desired.accounts.push_back(std::move(desired));
            accounts_.insert(account);
        }
        bind(account, "user " + user.name);
        bind(account, fmt::format("uid {}", user.uid));
    }

    // Of the users in add_user().
    void add_site(const web_config::Site& site) {
        const passwd::User* user = user_of(site);
        if (user == nullptr) return;
        std::vector<std::string> names{site.name};
        names.insert(names.end(), site.aliases.begin(), site.aliases.end());
        for (const std::string& name : names) {
            if (name.empty()) continue;
            const auto domains = domains_of_name(name);
            if (domains.empty() && !parse_address(name))
                note("{}:{}: the name {} of a site of {} is no domain, and is left out", site.file,
                     site.line, name, user->name);
            for (const Identity& domain : domains) {
                if (is_wildcard_of_top_level(domain))
                    note(
                        "{}:{}: the name {} of a site of {} covers a top-level domain, and is "
                        "left out",
                        site.file, site.line, name, user->name);
                else
                    bind(account_of_user(*user), domain);
            }
        }
    }

    // Bindings of users and uids that the system does not have any more.
    void note_gone() {
        for (const auto& [identity, binding] : holders_) {
            const std::string text = identity_text(identity);
            const std::string_view view = text;
            if (!view.starts_with("uid ")) continue;
            std::uint32_t uid = 0;
            std::from_chars(text.data() + 4, text.data() + text.size(), uid);
            if (uid < options_.uids.first || uid > options_.uids.last || uids_.contains(uid))
                continue;
            note(
                "{} is bound to {}, and no user of the system has it any more; next: octroi unbind "
                "{}, if it is not of another machine",
                text, binding->account, text);
            if (!names_.contains(binding->account) &&
                holders_.contains(*parse_identity("user " + binding->account)))
                note(
                    "user {} is bound and is not on the system any more; next: octroi unbind user "
                    "{}",
                    binding->account, binding->account);
        }
    }

    ScanResult finish() {
        if (notes_left_out_ > 0)
            result_.notes.push_back(fmt::format("{} more notes are not shown", notes_left_out_));
        return std::move(result_);
    }

private:
    template <typename... Args>
    void note(fmt::format_string<Args...> text, Args&&... args) {
        if (result_.notes.size() == scan_notes_max) {
            ++notes_left_out_;
            return;
        }
        result_.notes.push_back(fmt::format(text, std::forward<Args>(args)...));
    }

    void bind(const std::string& account, const std::string& identity_as_text) {
        const auto identity = parse_identity(identity_as_text);
        if (identity) bind(account, *identity);
    }

    // An identity that is bound stays so. The first user of a domain has it.
    void bind(const std::string& account, const Identity& identity) {
        const auto [first, is_new] = wanted_.emplace(identity, account);
        if (!is_new) {
            if (first->second != account)
                note(
                    "{} is of {} and of {}: it is bound to {}; next: octroi bind --replace \"{}\" "
                    "{}, "
                    "if that is wrong",
                    identity_text(identity), first->second, account, first->second,
                    identity_text(identity), account);
            return;
        }
        const auto holder = holders_.find(identity);
        const auto past = past_.find(identity);
        if (past != past_.end()) {
            note(
                "{} was bound to {}, is bound to nobody now, and stays so; next: octroi bind "
                "\"{}\" "
                "{} --from now, if that is wrong",
                identity_text(identity), past->second->account, identity_text(identity), account);
        } else if (holder == holders_.end()) {
            result_.desired.bindings.push_back(
                {identity, account, std::nullopt, std::nullopt, false});
        } else if (holder->second->account != account) {
            note(
                "{} is bound to {}, and stays so, though it belongs to the user {}; next: octroi "
                "bind "
                "--replace \"{}\" {}, if that is wrong",
                identity_text(identity), holder->second->account, account, identity_text(identity),
                account);
        }
    }

    // The first user of a home has the sites below it.
    void add_home(const passwd::User& user) {
        if (std::ranges::find(shared_homes, user.home) != shared_homes.end()) return;
        const auto [first, is_new] = homes_.emplace(user.home, &user);
        if (!is_new)
            note("{} is the home of {} and of {}: the sites below it belong to {}", user.home,
                 first->second->name, user.name, first->second->name);
    }

    // By the user of its programs, its home (of several the longest), or a folder of the options.
    [[nodiscard]] const passwd::User* user_of(const web_config::Site& site) const {
        if (const auto found = people_.find(site.user); found != people_.end())
            return found->second;
        for (std::string_view path = site.root; !path.empty();
             path = path.substr(0, path.rfind('/')))
            if (const auto found = homes_.find(path); found != homes_.end()) return found->second;
        for (const std::string& folder : options_.folders) {
            const auto found = people_.find(user_in_path(site.root, folder));
            if (found != people_.end()) return found->second;
        }
        return nullptr;
    }

    const ScanOptions& options_;
    std::set<std::string, std::less<>> accounts_;
    std::map<Identity, const Binding*> holders_;  // of the known directory, now
    std::map<Identity, const Binding*> past_;     // bound at other times only
    std::map<Identity, std::string> wanted_;
    std::map<std::string_view, const passwd::User*> names_;
    std::map<std::uint32_t, const passwd::User*> uids_;
    std::map<std::string_view, const passwd::User*> people_;  // of add_user(), by name
    std::map<std::string_view, const passwd::User*> homes_;
    ScanResult result_;
    std::size_t notes_left_out_ = 0;
};

}  // namespace

Status check_scan_folder(std::string_view folder) {
    std::string_view rest = folder;
    std::size_t users = 0;
    while (!rest.empty()) users += next_part(rest) == user_word ? 1 : 0;
    if (folder.starts_with('/') && users == 1) return {};
    return fail(
        ErrorCode::invalid,
        fmt::format("'{}' is no folder of sites by user; write it as /srv/www/{{user}}", folder));
}

ScanResult scan_accounts(std::span<const passwd::User> users,
                         std::span<const web_config::Site> sites, const ScanOptions& options,
                         const Directory& known, UtcTime now) {
    Scan scan(users, options, known, now);
    for (const passwd::User& user : users) scan.add_user(user);
    for (const web_config::Site& site : sites) scan.add_site(site);
    scan.note_gone();
    return scan.finish();
}

}  // namespace octroi
