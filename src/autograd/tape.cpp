#include <danaus/autograd/tape.hpp>

#include <Kokkos_Profiling_ScopedRegion.hpp>

namespace danaus {

void Tape::run_backward() {
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    Kokkos::Profiling::ScopedRegion region(std::string(step->name) + " (backward)");
    step->run(space_);
  }
  steps_.clear();
}

}  // namespace danaus
