// SPDX-License-Identifier: GPL-3.0-or-later
// read_declarations() and desired_directory() of directory_changes.hpp.
#include <fmt/format.h>

#include <map>
#include <set>

#include "host/file.hpp"
#include "ledger/rules.hpp"
#include "record/email_address.hpp"
#include "record/identity.hpp"
#include "service/directory_changes.hpp"

namespace octroi {
namespace {

// Bounds the memory where the path is that of another file.
constexpr std::size_t declaration_size_max = 256U << 20U;
// The first ones are enough to correct a file.
constexpr std::size_t problems_shown_max = 50;

// Texts with their lines.
class DeclaredProblems {
public:
    void add(const SourceLine& where, std::string_view text) {
        if (++count_ > problems_shown_max) return;
        text_ +=
            fmt::format("{}{}:{}: {}", text_.empty() ? "" : "\n", where.file, where.line, text);
    }
    [[nodiscard]] Status status() const {
        if (count_ == 0) return {};
        std::string more;
        if (count_ > problems_shown_max)
            more =
                fmt::format("\n{} more problems. Nothing was changed", count_ - problems_shown_max);
        return fail(ErrorCode::invalid, text_ + more);
    }

private:
    std::string text_;
    std::size_t count_ = 0;
};

void check_identity_text(const SourceLine& where, const std::string& text,
                         DeclaredProblems& problems) {
    if (const auto identity = parse_identity(text); !identity)
        problems.add(where, identity.error().text);
}

void check_values(const Declaration& declaration, DeclaredProblems& problems) {
    for (const DeclaredAccount& account : declaration.accounts) {
        if (!is_account_name(account.name))
            problems.add(account.where,
                         fmt::format("'{}' is no name of an account: letters, digits, '.', '-', "
                                     "'_' and '@', and '@' and '-' not at the begin",
                                     account.name));
        if (account.email)
            if (const auto email = canonical_email(*account.email); !email)
                problems.add(account.where, email.error().text);
        for (const std::string& identity : account.bindings)
            check_identity_text(account.where, identity, problems);
    }
    for (const DeclaredBinding& binding : declaration.bindings)
        check_identity_text(binding.where, binding.identity, problems);
    for (const DeclaredNetwork& network : declaration.networks)
        if (const auto prefix = parse_prefix(network.prefix); !prefix)
            problems.add(network.where, prefix.error().text);
}

// Declarations of read_declarations(): their values are valid.
class DirectoryMaker {
public:
    DirectoryMaker(const std::vector<Declaration>& declarations, const Directory& known)
        : declarations_(declarations) {
        for (const Account& account : known.accounts) accounts_.emplace(account.name);
    }

    Result<DesiredDirectory> make() {
        for (const Declaration& declaration : declarations_)
            for (const DeclaredAccount& account : declaration.accounts) add(account);
        for (const Declaration& declaration : declarations_) add_others(declaration);
        TRY(problems_.status());
        return std::move(wanted_);
    }

private:
    void add(const DeclaredAccount& account) {
        const auto [first, is_new] = declared_.emplace(account.name, &account.where);
        if (!is_new)
            return problems_.add(
                account.where, fmt::format("account {} is declared in {}:{} already", account.name,
                                           first->second->file, first->second->line));
        accounts_.insert(account.name);
        DesiredAccount desired{account.name, account.parent, account.title};
        if (account.email) desired.email = *canonical_email(*account.email);
        wanted_.accounts.push_back(std::move(desired));
    }

    void add_others(const Declaration& declaration) {
        for (const DeclaredAccount& account : declaration.accounts) {
            if (account.parent && !account.parent->empty())
                require_account(account.where, "the parent", *account.parent);
            for (const std::string& identity : account.bindings)
                bind(account.where, {*parse_identity(identity), account.name, {}, {}, false});
        }
        for (const DeclaredBinding& binding : declaration.bindings) {
            require_account(binding.where, "the account", binding.account);
            bind(binding.where, {*parse_identity(binding.identity), binding.account, binding.from,
                                 binding.until, binding.per_address});
        }
        for (const DeclaredNetwork& network : declaration.networks)
            wanted_.networks.push_back(
                {to_string(*parse_prefix(network.prefix)), network.per_address});
    }

    void require_account(const SourceLine& where, std::string_view what, const std::string& name) {
        if (accounts_.contains(name)) return;
        problems_.add(where,
                      fmt::format("{} {} is neither in the files nor in the ledger", what, name));
    }

    // With times, one identity may have several accounts: the newest binding counts for its time.
    void bind(const SourceLine& where, DesiredBinding binding) {
        if (!binding.from && !binding.until) {
            const auto [first, is_new] =
                at_all_times_.emplace(binding.identity, Holder{binding.account, &where});
            if (!is_new && first->second.account != binding.account)
                return problems_.add(
                    where, fmt::format("{} is bound to {} in {}:{}, and to {} here; next: state "
                                       "from or until in one of the two, or remove it",
                                       identity_text(binding.identity), first->second.account,
                                       first->second.where->file, first->second.where->line,
                                       binding.account));
        }
        wanted_.bindings.push_back(std::move(binding));
    }

    struct Holder {
        std::string account;
        const SourceLine* where = nullptr;
    };

    const std::vector<Declaration>& declarations_;
    std::set<std::string, std::less<>> accounts_;  // known and declared ones
    std::map<std::string, const SourceLine*> declared_;
    std::map<Identity, Holder> at_all_times_;
    DesiredDirectory wanted_;
    DeclaredProblems problems_;
};

}  // namespace

Result<std::vector<Declaration>> read_declarations(const std::vector<std::string>& files) {
    std::vector<Declaration> declarations;
    DeclaredProblems problems;
    for (const std::string& file : files) {
        TRY_ASSIGN(const std::string text, read_file(file, declaration_size_max));
        TRY_ASSIGN(declarations.emplace_back(),
                   parse_declaration(text, file == "-" ? "standard input" : file));
        check_values(declarations.back(), problems);
    }
    TRY(problems.status());
    return declarations;
}

Result<DesiredDirectory> desired_directory(const std::vector<Declaration>& declarations,
                                           const Directory& known) {
    return DirectoryMaker(declarations, known).make();
}

}  // namespace octroi
