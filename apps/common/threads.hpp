#pragma once

namespace danaus::app {

/// Physical cores that this process may run on: hardware threads of one core count once. At least 1.
int physical_cores();

}  // namespace danaus::app
