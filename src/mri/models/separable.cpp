#include <danaus/mri/models/separable.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/mri/models/tape_operations.hpp>

namespace danaus::mri {

template <class R>
SeparableWeights<R>::SeparableWeights(const LearnedModelConfig& config) : config_(config) {
  auto& store = this->parameters_;
  const auto add = [&](const std::string& name, size_t count) {
    return store.template add<Complex<R>, 1>(name, {count}, ParameterGroup::transform);
  };
  sample_rows_ = add("samples/rows", config.rows);
  sample_columns_ = add("samples/columns", config.columns);
  image_rows_ = add("image/rows", config.rows);
  image_columns_ = add("image/columns", config.columns);
  store.freeze();
  for (const auto* weights : {&sample_rows_, &sample_columns_, &image_rows_, &image_columns_})
    fill(weights->value(), Complex<R>(1));
}

template <class R>
Var<Complex<R>, 4> SeparableWeights<R>::reconstruct(Tape& tape, const SliceBatch<R>& batch) const {
  const auto y =
      separable_weights<R>(tape, sample_rows_, sample_columns_, Var<Complex<R>, 4>::constant(batch.samples));
  return separable_weights<R>(tape, image_rows_, image_columns_, sense_adjoint<R>(tape, batch.sense, y));
}

#define DANAUS_INSTANTIATE(R) template class SeparableWeights<R>;
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::mri
