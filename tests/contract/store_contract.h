#pragma once

// What every ports::Store does. Include in one source of a test program and instantiate:
//   INSTANTIATE_TEST_SUITE_P(Fake, StoreContract, ::testing::Values(StoreFixtureFactory(make)));
// and the same for StaleContract,
// with a `make` that gives a StoreFixture.
#include "contract/store_contract_records.h"
#include "contract/store_contract_stale.h"
#include "contract/store_contract_state.h"
