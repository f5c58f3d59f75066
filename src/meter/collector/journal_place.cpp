// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/collector/journal_place.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "host/interfaces.hpp"
#include "meter/collector/collector.hpp"
#include "meter/journal/identity.hpp"
#include "meter/journal/saved_position.hpp"

namespace octroi::collector {
namespace {

namespace fs = std::filesystem;

std::string journals_of(const std::string& state_folder) {
    return (fs::path(state_folder) / "journal").string();
}
std::string default_folder(const std::string& state_folder, const std::string& meter) {
    return (fs::path(journals_of(state_folder)) / meter).string();
}
// Of a second ledger beside the one that has the default folder.
std::string own_folder(const std::string& folder, const std::string& ledger_id) {
    return fmt::format("{}-{}", folder, ledger_id.substr(0, 8));
}

class Placer {
public:
    explicit Placer(const MeterSetup& setup) : setup_(setup) {
        place_.cursors.assign(setup.cursors.begin(), setup.cursors.end());
        for (const OtherCursor& other : setup.others) place_.cursors.push_back(other.cursor);
    }

    [[nodiscard]] Result<JournalPlace> find() {
        place_.folder = setup_.config.options.text("journal");
        if (place_.folder.empty()) {
            place_.folder = default_folder(setup_.state_folder, setup_.config.name);
            if (is_of_another_ledger(place_.folder))
                place_.folder = own_folder(place_.folder, setup_.ledger_id);
            TRY(adopt());
        }
        name_earlier_meter();
        return std::move(place_);
    }

private:
    [[nodiscard]] const Cursor* cursor_of(const std::string& folder) const {
        const auto id = journal::find_journal_id(folder);
        if (!id) return nullptr;
        const auto found = std::ranges::find(
            place_.cursors, std::string(journal_source_prefix) + *id, &Cursor::source);
        return found == place_.cursors.end() ? nullptr : &*found;
    }
    [[nodiscard]] bool is_of_another_ledger(const std::string& folder) const {
        const auto owner = journal::find_ledger_of(folder);
        return owner && !setup_.ledger_id.empty() && *owner != setup_.ledger_id &&
               cursor_of(folder) == nullptr;
    }
    [[nodiscard]] bool is_of_this_ledger(const std::string& folder) const {
        return cursor_of(folder) != nullptr ||
               (!setup_.ledger_id.empty() && journal::find_ledger_of(folder) == setup_.ledger_id);
    }
    [[nodiscard]] bool is_configured(const std::string& folder) const {
        return std::ranges::any_of(setup_.configured, [&](const MeterConfig& meter) {
            const std::string own = default_folder(setup_.state_folder, meter.name);
            const auto same = [&](const std::string& other) {
                return fs::path(other).lexically_normal() == fs::path(folder).lexically_normal();
            };
            return meter.kind == setup_.config.kind &&
                   (same(own) || same(own_folder(own, setup_.ledger_id)) ||
                    same(meter.options.text("journal")));
        });
    }

    // Takes the only journal that nobody uses, or names those that have messages.
    [[nodiscard]] Status adopt() {
        std::vector<std::string> unused =
            journal::folders_with_journals(journals_of(setup_.state_folder));
        std::erase_if(unused, [&](const std::string& folder) {
            return is_configured(folder) || !is_of_this_ledger(folder);
        });
        std::error_code error;
        const bool is_new = !fs::exists(place_.folder, error) && setup_.cursors.empty();
        if (is_new && unused.size() == 1) {
            TRY_ASSIGN(OwnFolder folder, OwnFolder::open(unused.front()));
            return folder.rename_to(place_.folder);
        }
        for (const std::string& folder : unused) TRY(name_unused(folder));
        return {};
    }
    [[nodiscard]] Status name_unused(const std::string& path) {
        const auto folder = OwnFolder::open(path);
        if (!folder) return {};  // another process uses it
        journal::SavedPosition position;
        if (const Cursor* cursor = cursor_of(path)) {
            TRY_ASSIGN(position, journal::decode_saved_position(cursor->position));
        }
        TRY_ASSIGN(const std::string boot, boot_id());
        TRY_ASSIGN(const std::uint64_t waiting,
                   journal::count_messages(*folder, boot, position.at));
        if (waiting > 0)
            place_.warnings.push_back(fmt::format(
                "the journal in {} belongs to no configured meter: {} messages in it are not "
                "counted; next: a collector with journal = \"{}\" counts them, or remove the "
                "folder",
                path, waiting, path));
        return {};
    }
    void name_earlier_meter() {
        const Cursor* cursor = cursor_of(place_.folder);
        if (cursor == nullptr) return;
        for (const OtherCursor& other : setup_.others)
            if (other.cursor.source == cursor->source)
                place_.warnings.push_back(fmt::format("goes on with the journal of meter {}, in {}",
                                                      other.meter, place_.folder));
    }

    const MeterSetup& setup_;
    JournalPlace place_;
};

}  // namespace

Result<JournalPlace> place_journal(const MeterSetup& setup) { return Placer(setup).find(); }

std::string find_journal(const std::string& configured, const std::string& state_folder,
                         const std::string& meter, const Cursor& cursor) {
    if (!configured.empty()) return configured;
    for (const std::string& folder : journal::folders_with_journals(journals_of(state_folder)))
        if (std::string(journal_source_prefix) + *journal::find_journal_id(folder) == cursor.source)
            return folder;
    return default_folder(state_folder, meter);
}

}  // namespace octroi::collector
