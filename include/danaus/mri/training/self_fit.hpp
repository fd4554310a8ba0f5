#pragma once

#include <danaus/mri/models/learned_reconstruction.hpp>
#include <danaus/mri/models/reconstruction.hpp>

#include <functional>

namespace danaus::mri {

/// How a network is fitted to one undersampled scan.
struct SelfFitOptions {
  size_t steps = 120;        ///< at most; one slice each
  size_t check_every = 20;   ///< steps from one look at the held-out samples to the next
  size_t patience = 3;       ///< looks without improvement before it stops
  double rate = 3e-3;        ///< of Adam, falling along a half cosine
  double loss_share = 0.4;   ///< of the samples a step hides from the network and compares with
  double check_share = 0.1;  ///< of the samples only the early stopping sees
  std::uint64_t seed = 0;
};

struct SelfFit {
  std::shared_ptr<LearnedReconstruction> model;
  size_t steps = 0;  ///< done
  double seconds = 0;
  std::vector<double> checks;  ///< error at the held-out samples, relative, at each look
};

/// Fits an unrolled network to the scan that it is to reconstruct, without any other data: in every step the
/// sampled points of a slice are split at random into a part that the network sees and a part at which the
/// forward model of its image is compared with the samples, sum |A x - y| / sum |y| + sum |A x - y|^2 / sum
/// |y|^2. A third part, fixed for each slice, decides when to stop; the weights that were best there are
/// kept. The centre of k-space is always seen. The network is tied, shrinks all echoes jointly and starts at
/// soft thresholding, so few parameters have to be found. Source: Yaman et al. 2022, zero-shot
/// self-supervised learning (doi:10.48550/arXiv.2102.07737).
///
/// @param before_step  called before every step; may throw to stop
/// @throws DataError as LearnedReconstruction::require_fitting()
SelfFit fit_to_scan(const Exec& space, const Scan& scan, const MapSource& maps, const Mask& mask,
                    const SelfFitOptions& options, const std::function<void()>& before_step = {});

/// The mask split in three, each point by (seed, slice, step) alone.
struct MaskSplit {
  Mask seen, compared, held_out;
};
MaskSplit split_mask(const Mask& mask, const SelfFitOptions& options, size_t slice, size_t step);

}  // namespace danaus::mri
