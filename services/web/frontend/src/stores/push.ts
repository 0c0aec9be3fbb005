/** Notifications at this device: permission, the browser's subscription, and what rings. */

import { answered, api } from "../api/client";
import type { PushSubscription as Kept, PushSubscriptionWanted } from "../api/types";
import { canWork } from "./shell";

export const canRing = canWork && "PushManager" in window && "Notification" in window;

export type Wishes = Omit<PushSubscriptionWanted, "endpoint" | "keys">;

/** Return the browser's own subscription, null without one. */
export async function here(): Promise<PushSubscription | null> {
  if (!canRing) return null;
  const registration = await navigator.serviceWorker.getRegistration();
  return (await registration?.pushManager.getSubscription()) ?? null;
}

/** Return all that the front door knows of one's devices. */
export const devices = async (): Promise<Kept[]> => (await answered(api.GET("/api/v1/push/subscriptions"))).items;

/** Ring here from now on; asks the person where it must. Throws what the browser or the API throws. */
export async function ringHere(wishes: Wishes): Promise<Kept> {
  const { public_key } = await answered(api.GET("/api/v1/push/key"));
  const registration = await navigator.serviceWorker.ready;
  const key = bytesOf(public_key);
  const subscription = (await registration.pushManager.getSubscription()) ?? (await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }));
  const { keys } = subscription.toJSON();
  const body = { ...wishes, endpoint: subscription.endpoint, keys: { p256dh: keys?.["p256dh"] ?? "", auth: keys?.["auth"] ?? "" } };
  return answered(api.POST("/api/v1/push/subscriptions", { body }));
}

export async function forgetDevice(id: string): Promise<void> {
  await answered(api.DELETE("/api/v1/push/subscriptions/{subscription_id}", { params: { path: { subscription_id: id } } }));
}

export async function ringOnce(id: string): Promise<void> {
  await answered(api.POST("/api/v1/push/subscriptions/{subscription_id}/test", { params: { path: { subscription_id: id } } }));
}

/** base64url, as keys are told, to bytes. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}
