#include <danaus/mri/models/learned_reconstruction.hpp>

#include <danaus/core/error.hpp>
#include <danaus/mri/models/scaling.hpp>
#include <danaus/train/checkpoint.hpp>

#include <algorithm>

namespace danaus::mri {

namespace {

std::string plane_text(size_t rows, size_t columns) {
  return std::to_string(rows) + "x" + std::to_string(columns);
}

}  // namespace

/// x(b, ..) *= factors(b / per_factor)
void multiply_items(const Exec& space, const Tensor<float, 1>& factors, const Tensor<Complex<float>, 4>& x) {
  const size_t per_factor = x.extent(0) / factors.extent(0), row = x.extent(2) * x.extent(3);
  Kokkos::parallel_for(
      "danaus::mri::multiply_items", over_rows(space, x.extent(0), x.extent(1)), KOKKOS_LAMBDA(int b, int j) {
        const float factor = factors(size_t(b) / per_factor);
        Complex<float>* values = &x(b, j, 0, 0);
        for (size_t k = 0; k < row; ++k) values[k] *= factor;
      });
}

void scale_items(const Exec& space, const std::vector<double>& scales, const Tensor<Complex<float>, 4>& x) {
  const Tensor<float, 1> factors("factors", scales.size());
  const auto host = Kokkos::create_mirror_view(factors);
  for (size_t n = 0; n < scales.size(); ++n) host(n) = float(1 / scales[n]);
  copy(factors, host);
  multiply_items(space, factors, x);
  space.fence("danaus::mri::scale_items");  // `factors` ends here
}

SliceBatch<float> make_batch(const Exec& space, const std::string& scale,
                             const std::vector<HostTensor<Complex<float>, 4>>& kspace,
                             const std::vector<HostTensor<Complex<float>, 4>>& maps,
                             const std::vector<const Mask*>& masks, std::vector<double>& scales) {
  const size_t slices = kspace.size();
  const auto s = shape_of(kspace.front());
  const size_t echoes = s[0], rows = s[1], columns = s[2], coils = s[3];
  if (maps.front().extent(3) != 1)
    throw UsageError("learned models use one set of coil sensitivities, found " +
                     std::to_string(maps.front().extent(3)));
  SliceBatch<float> batch;
  batch.slices = slices, batch.echoes = echoes;
  const auto samples = uninitialized<Complex<float>, 4>("samples", {slices * echoes, rows, columns, coils});
  const auto all_maps = uninitialized<Complex<float>, 5>("maps", {slices, rows, columns, coils, 1});
  const auto mask = uninitialized<float, 3>("mask", {slices, rows, columns});
  const auto host_samples = Kokkos::create_mirror_view(samples);
  const auto host_maps = Kokkos::create_mirror_view(all_maps);
  const auto host_mask = Kokkos::create_mirror_view(mask);
  const size_t plane = rows * columns;
  for (size_t n = 0; n < slices; ++n) {
    require_shape("mri::make_batch: samples", kspace[n], s);
    require_shape("mri::make_batch: maps", maps[n], {rows, columns, coils, 1});
    if (masks[n]->rows != rows || masks[n]->columns != columns)
      throw ShapeError("mri::make_batch: expected a mask of " + plane_text(rows, columns) + ", found " +
                       plane_text(masks[n]->rows, masks[n]->columns));
    std::copy(maps[n].data(), maps[n].data() + plane * coils, host_maps.data() + n * plane * coils);
    for (size_t p = 0; p < plane; ++p) host_mask.data()[n * plane + p] = masks[n]->samples[p] ? 1.f : 0.f;
    for (size_t e = 0; e < echoes; ++e)
      for (size_t p = 0; p < plane; ++p) {
        const Complex<float>* from = kspace[n].data() + (e * plane + p) * coils;
        Complex<float>* to = host_samples.data() + ((n * echoes + e) * plane + p) * coils;
        if (masks[n]->samples[p])
          std::copy(from, from + coils, to);
        else
          std::fill(to, to + coils, Complex<float>(0));
      }
  }
  copy(samples, host_samples);
  copy(all_maps, host_maps);
  copy(mask, host_mask);
  batch.samples = samples, batch.maps = all_maps, batch.mask = mask;
  batch.sense = std::make_shared<const SenseOperator<float>>(space, slices * echoes, batch.maps, batch.mask);

  scales.assign(slices, 1.0);
  if (scale.empty()) return batch;
  batch.zero_filled =
      uninitialized<Complex<float>, 4>("zero-filled", {slices * echoes, rows, columns, size_t(1)});
  batch.sense->adjoint(space, samples, batch.zero_filled);
  space.fence("danaus::mri::make_batch");
  const auto image = to_host(batch.zero_filled);
  for (size_t n = 0; n < slices; ++n)
    scales[n] = image_scale(scale, image.data() + n * echoes * plane, echoes * plane);
  scale_items(space, scales, samples);
  scale_items(space, scales, batch.zero_filled);
  space.fence("danaus::mri::make_batch");
  return batch;
}

HostTensor<Complex<float>, 4> image_of(const Exec& space, Tape& tape, const LearnedModel<float>& model,
                                       const SliceBatch<float>& batch, double scale) {
  tape.reset();
  const auto image = model.reconstruct(tape, batch);
  space.fence("danaus::mri::image_of");
  const auto host = to_host(image.value);
  for (size_t i = 0; i < host.size(); ++i) host.data()[i] *= float(scale);
  return host;
}

LearnedReconstruction::LearnedReconstruction(const std::filesystem::path& checkpoint) {
  try {
    config_ = LearnedModelConfig::from_map(train::read_hyper_parameters(checkpoint));
  } catch (const DataError& error) {
    throw DataError(checkpoint.string() + ": " + error.what());
  }
  model_ = create_learned_model(config_, 0);
  train::read_parameters<float>(checkpoint, *model_, train::WeightsKind::averaged);
  model_->set_training(false);
}

void LearnedReconstruction::require_fitting(const ScanDescription& d, size_t map_count) const {
  const auto fail = [&](const std::string& expected, const std::string& found) {
    throw DataError(d.path + ": expected " + expected + ", which " + config_.model +
                    " was trained for, found " + found);
  };
  if (d.rows != config_.rows || d.columns != config_.columns)
    fail("a plane of " + plane_text(config_.rows, config_.columns), plane_text(d.rows, d.columns));
  if (d.acquired_rows > config_.acquired_rows || d.acquired_columns > config_.acquired_columns)
    fail("at most " + plane_text(config_.acquired_rows, config_.acquired_columns) + " acquired samples",
         plane_text(d.acquired_rows, d.acquired_columns));
  if (d.echoes != config_.echoes) fail(std::to_string(config_.echoes) + " echoes", std::to_string(d.echoes));
  if (map_count > 1) fail("one set of coil sensitivities", std::to_string(map_count));
}

HostTensor<Complex<float>, 4> LearnedReconstruction::reconstruct(const Exec& space,
                                                                 const HostTensor<Complex<float>, 4>& kspace,
                                                                 const HostTensor<Complex<float>, 4>& maps,
                                                                 const Mask& mask) {
  std::vector<double> scales;
  const auto batch =
      make_batch(space, model_->is_linear() ? "" : config_.scale, {kspace}, {maps}, {&mask}, scales);
  return image_of(space, tape_, *model_, batch, scales[0]);
}

}  // namespace danaus::mri
