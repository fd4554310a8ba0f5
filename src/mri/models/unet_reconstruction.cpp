#include <danaus/mri/models/unet_reconstruction.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/mri/models/tape_operations.hpp>

namespace danaus::mri {

template <class R>
UNetReconstruction<R>::UNetReconstruction(const LearnedModelConfig& config, std::uint64_t seed)
    : config_(config) {
  network_.emplace(this->parameters_, UNetConfig{config.width, config.poolings, config.residual});
  this->parameters_.freeze();
  network_->initialize(seed);
}

template <class R>
Var<Complex<R>, 4> UNetReconstruction<R>::reconstruct(Tape& tape, const SliceBatch<R>& batch) const {
  const auto zero_filled = Var<Complex<R>, 4>::constant(batch.zero_filled);
  const auto channels = (*network_)(tape, echo_channels<R>(tape, zero_filled, 1));
  const auto nothing = tape.saved<Complex<R>, 4>(shape_of(batch.zero_filled));
  fill(tape.space(), nothing, Complex<R>(0));
  const auto image = add_channels<R>(tape, Var<Complex<R>, 4>::constant(nothing), channels);
  return keep_support<R>(tape, batch.maps, image);
}

#define DANAUS_INSTANTIATE(R) template class UNetReconstruction<R>;
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::mri
