#pragma once

#include <danaus/mri/models/learned_reconstruction.hpp>
#include <danaus/mri/models/reconstruction.hpp>
#include <danaus/mri/training/self_fit.hpp>

#include <filesystem>
#include <memory>
#include <variant>

namespace danaus::app {

/// One of mri::methods().
struct ClassicalMethod {
  const mri::Method* method;
  mri::MethodSettings settings;
};

struct TrainedModel {
  std::string run;  ///< folder or checkpoint as it was given
  std::shared_ptr<mri::LearnedReconstruction> model;
};

/// A network that is fitted to a scan before it reconstructs it.
struct FittedNetwork {
  mri::SelfFitOptions how;
  std::shared_ptr<mri::LearnedReconstruction> model = nullptr;  ///< there once fit() was called for a scan
};

/// Images that another program reconstructed: one file per scan, of the scan's name.
struct OthersImages {
  std::string program;
  std::filesystem::path folder;
};

/// Who reconstructs and is scored.
using Candidate = std::variant<ClassicalMethod, TrainedModel, FittedNetwork, OthersImages>;

/// What --method calls a FittedNetwork.
inline constexpr const char* self_unrolled = "self-unrolled";
std::vector<std::string> all_method_names();

std::string name_of(const Candidate& candidate);
/// As it was given; empty for all but trained models.
std::string run_of(const Candidate& candidate);
/// The learned model; none of classical methods, of others' images and before a fit.
std::shared_ptr<mri::LearnedReconstruction> model_of(const Candidate& candidate);
size_t parameters_of(const Candidate& candidate);

/// What a row or picture is called: the name, with the run where several have it.
std::string label_of(const Candidate& candidate, const std::vector<Candidate>& all);

/// Fits the network to a scan. @return seconds
double fit(FittedNetwork& network, const mri::Scan& scan, const mri::MapSource& maps, const mri::Mask& mask,
           const std::function<void()>& before_step);

/// The image of a slice, of any candidate but others' images.
/// @param monitor  of classical methods
HostTensor<Complex<float>, 4> reconstruct(const Exec& space, const Candidate& candidate,
                                          const HostTensor<Complex<float>, 4>& kspace,
                                          const HostTensor<Complex<float>, 4>& maps, const mri::Mask& mask,
                                          const mri::Monitor& monitor = {});

}  // namespace danaus::app
