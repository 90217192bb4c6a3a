from django.urls import path

from review.queue import api
from review.queue.views import queue, rated

app_name = "queue"

urlpatterns = [
    path("review/", queue.index, name="review"),
    path("review/<slug:slug>/", queue.review_queue, name="review_queue"),
    path("review/<slug:slug>/bulk/", queue.bulk_page, name="review_bulk_page"),
    path("review/<slug:slug>/ratings/", rated.rated_labels, name="rated_labels"),
    path("review/<slug:slug>/ratings/<uuid:pk>/", rated.change_rating, name="change_rating"),
    path("api/campaigns/<slug:slug>/review/next/", api.NextLabel.as_view(), name="review_next"),
    path("api/campaigns/<slug:slug>/review/bulk/", api.BulkRatings.as_view(), name="review_bulk"),
    path("api/review/release/", api.Leases.as_view(), name="review_release"),
    path("api/review/hold/", api.HeldLeases.as_view(), name="review_hold"),
    path("api/ratings/withdraw/", api.WithdrawnRatings.as_view(), name="ratings_withdraw"),
    path("api/ratings/", api.Ratings.as_view(), name="ratings"),
    path("api/ratings/<int:pk>/", api.RatingDetail.as_view(), name="rating"),
    path("api/labels/<uuid:pk>/ratings/", api.RatingHistory.as_view(), name="rating_history"),
    path("api/labels/<uuid:pk>/flag/", api.Flag.as_view(), name="label_flag"),
]
