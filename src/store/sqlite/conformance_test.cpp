// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/testing/folder.hpp"
#include "ledger/testing/directory_conformance.hpp"
#include "ledger/testing/facts_conformance.hpp"
#include "ledger/testing/identity_conformance.hpp"
#include "ledger/testing/maintenance_conformance.hpp"
#include "ledger/testing/store_conformance.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi::testing {
namespace {

class SqliteFixture {
public:
    SqliteFixture() { reopen(); }
    Store& store() { return *ledger_; }
    DirectoryStore& directory_store() { return *ledger_; }
    IdentityStore& identities() { return *ledger_; }
    Query& query() { return *ledger_; }
    Maintenance& maintenance() { return *ledger_; }
    void reopen() {
        ledger_.reset();
        auto opened = SqliteLedger::open(folder_.file("deep/ledger.db"),
                                         {.mode = OpenMode::create, .owner = "test"});
        if (!opened) {
            ADD_FAILURE() << opened.error().text;
            std::abort();
        }
        ledger_ = std::move(*opened);
    }

private:
    Folder folder_;
    std::unique_ptr<SqliteLedger> ledger_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, StoreConformance, SqliteFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, DirectoryConformance, SqliteFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, MaintenanceConformance, SqliteFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, FactsConformance, SqliteFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, IdentityConformance, SqliteFixture);

}  // namespace
}  // namespace octroi::testing
