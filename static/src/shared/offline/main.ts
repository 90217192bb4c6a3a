/** On all pages around the drawing page: delete what the device keeps for another person, who has logged out since. */
import { deviceStorage } from "../storage";
import { forgetOthers } from "./kept";

const { storage } = deviceStorage();
void forgetOthers(document.documentElement.dataset.person ?? "", storage);

// Even if the network is lost before the next page comes.
document.addEventListener("submit", ({ target }) => {
  if ((target as HTMLElement).matches("[data-log-out]")) void forgetOthers("", storage);
});
