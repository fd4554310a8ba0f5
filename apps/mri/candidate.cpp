#include "candidate.hpp"

#include <algorithm>

namespace danaus::app {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

}  // namespace

std::vector<std::string> all_method_names() {
  auto names = mri::method_names();
  names.emplace_back(self_unrolled);
  return names;
}

std::string name_of(const Candidate& candidate) {
  return std::visit(Overloaded{[](const ClassicalMethod& c) { return c.method->name; },
                               [](const TrainedModel& c) { return c.model->name(); },
                               [](const FittedNetwork&) { return std::string(self_unrolled); },
                               [](const OthersImages& c) { return c.program; }},
                    candidate);
}

std::string run_of(const Candidate& candidate) {
  const auto* trained = std::get_if<TrainedModel>(&candidate);
  return trained ? trained->run : "";
}

std::shared_ptr<mri::LearnedReconstruction> model_of(const Candidate& candidate) {
  if (const auto* trained = std::get_if<TrainedModel>(&candidate)) return trained->model;
  if (const auto* fitted = std::get_if<FittedNetwork>(&candidate)) return fitted->model;
  return nullptr;
}

size_t parameters_of(const Candidate& candidate) {
  if (const auto* classical = std::get_if<ClassicalMethod>(&candidate)) return classical->method->parameters;
  const auto model = model_of(candidate);
  return model ? model->parameters() : 0;
}

std::string label_of(const Candidate& candidate, const std::vector<Candidate>& all) {
  const std::string name = name_of(candidate);
  const auto same = [&](const Candidate& c) { return name_of(c) == name; };
  return std::count_if(all.begin(), all.end(), same) > 1 ? name + " (" + run_of(candidate) + ")" : name;
}

double fit(FittedNetwork& network, const mri::Scan& scan, const mri::MapSource& maps, const mri::Mask& mask,
           const std::function<void()>& before_step) {
  const auto fitted = mri::fit_to_scan(Exec(), scan, maps, mask, network.how, before_step);
  network.model = fitted.model;
  return fitted.seconds;
}

HostTensor<Complex<float>, 4> reconstruct(const Exec& space, const Candidate& candidate,
                                          const HostTensor<Complex<float>, 4>& kspace,
                                          const HostTensor<Complex<float>, 4>& maps, const mri::Mask& mask,
                                          const mri::Monitor& monitor) {
  if (const auto* classical = std::get_if<ClassicalMethod>(&candidate))
    return mri::reconstruct_slice(space, *classical->method, classical->settings, kspace, maps, mask,
                                  monitor);
  return model_of(candidate)->reconstruct(space, kspace, maps, mask);
}

}  // namespace danaus::app
