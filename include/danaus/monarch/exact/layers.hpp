#pragma once

#include <danaus/monarch/block_product.hpp>

#include <vector>

/// Structured layers of the literature as products of few block-diagonal factors: what a layer of theirs has
/// learned, or was drawn at random, goes on as a Monarch product.
namespace danaus::monarch {

/// AFDF: F^-1 diag(d) F diag(a) with the DFT F of n = a.size() points, three factors after simplification.
/// Source: Moczulski et al. 2016 (doi:10.48550/arXiv.1511.05946). With a = 1 a circular convolution whose
/// transfer function is d.
/// @param a, d  n complex numbers each
/// @throws ShapeError if the sizes differ, or unless block divides n
template <class R>
BlockProduct<Complex<R>> afdf(const std::vector<Complex<R>>& a, const std::vector<Complex<R>>& d,
                              size_t block);

/// ACDC: C^-1 diag(d) C diag(a) with the orthonormal cosine transform C of type II; three real factors.
/// Source: as afdf(), written there for row vectors, y = x A C D C^-1.
template <class R>
BlockProduct<R> acdc(const std::vector<R>& a, const std::vector<R>& d, size_t block);

/// Fastfood: 1 / (sigma sqrt(n)) S H G P H B with the Hadamard matrix H of entries +-1 and diagonals S, G, B;
/// (P x)[t] = x[permutation[t]]. Source: Le, Sarlós and Smola 2013 (doi:10.48550/arXiv.1408.3060).
/// @throws ShapeError if the sizes differ, n is no power of two, or block does not divide it
template <class R>
BlockProduct<R> fastfood(const std::vector<R>& s, const std::vector<R>& g,
                         const std::vector<size_t>& permutation, const std::vector<R>& b, R sigma,
                         size_t block);

/// (HD)^3: H diag(d1) H diag(d2) H diag(d3) with the orthonormal Hadamard matrix H; orthogonal for signs.
/// Source: Yu et al. 2016, structured orthogonal random features (doi:10.48550/arXiv.1610.09072).
template <class R>
BlockProduct<R> hadamard_diagonal_cubed(const std::vector<R>& d1, const std::vector<R>& d2,
                                        const std::vector<R>& d3, size_t block);

/// U V* of rank r: two factors of one block each. @param u (m, r) @param v (n, r)
template <class T>
BlockProduct<T> low_rank_product(const HostTensor<T, 2>& u, const HostTensor<T, 2>& v);

}  // namespace danaus::monarch
