#include <danaus/mri/models/unrolled.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/instantiate.hpp>
#include <danaus/core/random.hpp>
#include <danaus/mri/models/tape_operations.hpp>

namespace danaus::mri {

namespace {

/// Of coefficients, in units of the image's 95th percentile.
constexpr double first_threshold = 0.02;

}  // namespace

template <class R>
Unrolled<R>::Unrolled(const LearnedModelConfig& config, std::uint64_t seed) : config_(config) {
  const auto& c = config_;
  if (c.iterations == 0) throw UsageError("iterations: expected at least 1, found 0");
  if (c.grids == 0 || c.grids > std::min(PatchGrids::most, c.patch))
    throw UsageError("grids: expected 1 to " + std::to_string(std::min(PatchGrids::most, c.patch)) +
                     " for patches of " + std::to_string(c.patch) + ", found " + std::to_string(c.grids));
  auto& store = this->parameters_;
  const size_t count = c.tied ? 1 : c.iterations;
  for (size_t k = 0; k < count; ++k) {
    const std::string name = c.tied ? "iteration" : "iteration_" + std::to_string(k);
    Set set{store.template add<R, 1>(name + "/step", {1}),
            PatchShrinkage<R>(store, name + "/patches", c.patch, c.echoes, c.joint), std::nullopt};
    if (c.channels > 0) set.convolution.emplace(store, name + "/convolution", 2 * c.echoes, c.channels);
    sets_.push_back(std::move(set));
  }
  store.freeze();
  for (size_t k = 0; k < count; ++k) {
    fill(sets_[k].step.value(), R(1));
    sets_[k].shrinkage.initialize(R(first_threshold));
    if (sets_[k].convolution) sets_[k].convolution->initialize(seed, stream::initialization + (k << 8));
  }
}

template <class R>
Var<Complex<R>, 4> Unrolled<R>::reconstruct(Tape& tape, const SliceBatch<R>& batch) const {
  auto x = Var<Complex<R>, 4>::constant(batch.zero_filled), before = x;
  for (size_t k = 0; k < config_.iterations; ++k) {
    const Set& set = sets_[config_.tied ? 0 : k];
    const auto w = k == 0 ? x : extrapolate<R>(tape, R(k) / R(k + 3), x, before);
    const auto z = data_consistency<R>(tape, batch.sense, batch.zero_filled, set.step, w);
    before = x;
    x = set.shrinkage(tape, z, spread_offsets(config_.patch, config_.grids, k));
    if (set.convolution)
      x = add_channels<R>(tape, x, (*set.convolution)(tape, echo_channels<R>(tape, z, batch.echoes)));
  }
  if (config_.band_limit)
    x = limit_band<R>(tape,
                      std::make_shared<const BandLimit<R>>(shape_of(x.value), config_.acquired_rows,
                                                           config_.acquired_columns),
                      x);
  return keep_support<R>(tape, batch.maps, x);
}

#define DANAUS_INSTANTIATE(R) template class Unrolled<R>;
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::mri
