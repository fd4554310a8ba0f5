#pragma once

#include <danaus/core/tensor.hpp>

namespace danaus::monarch {

/// A stage of either direction, whose matrix is filled from a factor.
template <class T>
struct StageToPack {
  int entries;
  Tensor<int, 1> source;
  Tensor<double, 1> scale;
  const T* factor;
  T sign;  ///< of imaginary parts
  T* packed;
};

/// The first `count` stages at once: they are small, and each launch takes longer than its work.
template <class T>
void pack_stages(const Exec& space, const Kokkos::Array<StageToPack<T>, 4>& stages, int count,
                 bool is_complex) {
  int entries = 0;
  for (size_t i = 0; i < size_t(count); ++i) entries += stages[i].entries;
  Kokkos::parallel_for(
      "danaus::monarch::pack_stages", Kokkos::RangePolicy<Exec, ByValue>(space, 0, entries),
      KOKKOS_LAMBDA(int e) {
        size_t i = 0;
        while (e >= stages[i].entries) e -= stages[i++].entries;
        const auto& stage = stages[i];
        const T weight = T(stage.scale(e));
        if (is_complex) {
          stage.packed[2 * e] = weight * stage.factor[2 * stage.source(e)];
          stage.packed[2 * e + 1] = stage.sign * weight * stage.factor[2 * stage.source(e) + 1];
        } else {
          stage.packed[e] = weight * stage.factor[stage.source(e)];
        }
      });
}

}  // namespace danaus::monarch
